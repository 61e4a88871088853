import numpy as np
import pytest
import torch

from pipeline.fewshot.sampling import Shape, classes_of, draw


def classes(each: int = 4, count: int = 6):
    """Inputs that say which class and which example they are."""
    labels = np.repeat([f"c{number}" for number in range(count)], each)
    inputs = torch.stack(
        [torch.tensor([float(i // each), float(i % each)]) for i in range(len(labels))]
    )
    return classes_of(inputs, labels, np.array(["a", "a", "a", "b", "b", "b"][:count]))


def test_no_query_is_a_support_and_labels_fit():
    given = draw(classes(), Shape(50, 3, 2, 2), np.random.default_rng(0))
    assert given.support.inputs.shape == (50, 6, 2)
    assert given.queries.shape == (50, 6, 2)
    for task in range(50):
        shown = {tuple(one) for one in given.support.inputs[task].tolist()}
        asked = {tuple(one) for one in given.queries[task].tolist()}
        assert len(shown) == len(asked) == 6
        assert not shown & asked
        for inputs, labels in (
            (given.support.inputs[task], given.support.labels[task]),
            (given.queries[task], given.truth[task]),
        ):
            assert torch.equal(inputs[:, 0].long(), given.classes[task][labels])


def test_within_a_group_all_classes_are_of_one():
    given = draw(classes(), Shape(40, 3, 1, 1, within_group=True), np.random.default_rng(0))
    groups = [tuple(sorted(one)) for one in given.classes.tolist()]
    assert set(groups) == {(0, 1, 2), (3, 4, 5)}


def test_inputs_are_changed_once_each():
    seen = []
    draw(classes(), Shape(2, 3, 1, 2), np.random.default_rng(0), lambda x: seen.append(x) or x)
    assert [len(one) for one in seen] == [2 * 3 * 3]


def test_the_same_seed_draws_the_same():
    one, two = (draw(classes(), Shape(2, 3, 1, 2), np.random.default_rng(4)) for _ in range(2))
    assert torch.equal(one.queries, two.queries)


@pytest.mark.parametrize(
    "shape, message",
    [
        (Shape(1, 7, 1, 1), "7 ways are asked and 6 classes"),
        (Shape(1, 4, 1, 1, within_group=True), "4 ways are asked and 3 classes"),
        (Shape(1, 2, 3, 2), "3 shots and 2 queries.*has 4"),
    ],
)
def test_what_cannot_be_drawn_is_said(shape, message):
    with pytest.raises(ValueError, match=message):
        draw(classes(), shape, np.random.default_rng(0))


def test_groups_are_one_a_class():
    with pytest.raises(ValueError, match="2 classes have 3 groups"):
        classes_of(torch.zeros(2, 1), np.array(["x", "y"]), np.array(["a", "b", "c"]))
