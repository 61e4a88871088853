import numpy as np
import pytest
import torch

from pipeline.fewshot.sampling import Classes, Shape, group_by_label, sample_episodes


def build_classes(examples: int = 4, count: int = 6) -> Classes:
    """Inputs that contain the numbers of their class and of their example."""
    labels = np.repeat([f"c{number}" for number in range(count)], examples)
    inputs = torch.stack(
        [torch.tensor([float(i // examples), float(i % examples)]) for i in range(len(labels))]
    )
    return group_by_label(inputs, labels, np.array(["a", "a", "a", "b", "b", "b"][:count]))


def test_no_query_is_a_support_and_labels_match_the_classes():
    episodes = sample_episodes(build_classes(), Shape(50, 3, 2, 2), np.random.default_rng(0))
    support = episodes.support
    assert support.inputs.shape == (50, 6, 2)
    assert episodes.queries.shape == (50, 6, 2)
    for task in range(50):
        examples = {tuple(values) for values in support.inputs[task].tolist()}
        queries = {tuple(values) for values in episodes.queries[task].tolist()}
        assert len(examples) == len(queries) == 6
        assert not examples & queries
        for inputs, labels in (
            (support.inputs[task], support.labels[task]),
            (episodes.queries[task], episodes.truth[task]),
        ):
            assert torch.equal(inputs[:, 0].long(), episodes.classes[task][labels])


def test_within_a_group_all_classes_are_of_one_group():
    shape = Shape(40, 3, 1, 1, within_group=True)
    episodes = sample_episodes(build_classes(), shape, np.random.default_rng(0))
    groups = [tuple(sorted(classes)) for classes in episodes.classes.tolist()]
    assert set(groups) == {(0, 1, 2), (3, 4, 5)}


def test_all_inputs_are_augmented_in_one_call():
    calls = []
    sample_episodes(
        build_classes(),
        Shape(2, 3, 1, 2),
        np.random.default_rng(0),
        lambda inputs: calls.append(inputs) or inputs,
    )
    assert [len(inputs) for inputs in calls] == [2 * 3 * 3]


def test_the_same_seed_gives_the_same_episodes():
    first, second = (
        sample_episodes(build_classes(), Shape(2, 3, 1, 2), np.random.default_rng(4))
        for _ in range(2)
    )
    assert torch.equal(first.queries, second.queries)


@pytest.mark.parametrize(
    "shape, message",
    [
        (Shape(1, 7, 1, 1), "episodes of 7 ways need as many classes, not 6"),
        (Shape(1, 4, 1, 1, within_group=True), "episodes of 4 ways need as many classes, not 3"),
        (Shape(1, 2, 3, 2), "3 shots and 2 queries.*has 4"),
    ],
)
def test_too_few_classes_or_inputs_raise(shape, message):
    with pytest.raises(ValueError, match=message):
        sample_episodes(build_classes(), shape, np.random.default_rng(0))


def test_every_class_needs_one_group():
    with pytest.raises(ValueError, match="2 classes have 3 groups"):
        group_by_label(torch.zeros(2, 1), np.array(["x", "y"]), np.array(["a", "b", "c"]))
