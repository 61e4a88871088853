import pytest
import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.nearest import Nearest, whitening
from pipeline.fewshot.tasks import Support
from tests.pipeline.fewshot.learners import CLASSES, DIM, WAYS, episodes


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_a_class_scores_as_its_nearest_example(distance):
    learner, given = Nearest(encoders.vectors(DIM, 0), CLASSES, distance), episodes()
    told = learner.scores(given.support, given.queries, WAYS)
    for way in range(WAYS):
        own = given.support.inputs[0][given.support.labels[0] == way] * DIM**0.5
        asked = given.queries[0, 0] * DIM**0.5
        if distance == "euclidean":
            each = [-(asked - one).norm() for one in own]
        else:
            each = [torch.cosine_similarity(asked, one, dim=0) for one in own]
        torch.testing.assert_close(told[0, 0, way], max(each))


def test_whitened_vectors_spread_evenly():
    generator = torch.Generator().manual_seed(0)
    mixed = torch.randn(4000, 3, generator=generator) @ torch.tensor(
        [[3.0, 1.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.2, 1.0]]
    )
    even = mixed @ whitening(mixed)
    torch.testing.assert_close(even.T @ even / 4000, torch.eye(3), rtol=0.01, atol=0.01)


def test_mahalanobis_looks_past_what_varies_within_a_class():
    # the first number is noise within each class, the second tells them apart
    learner = Nearest(encoders.vectors(DIM, 0), CLASSES, "mahalanobis")
    given = episodes(shots=4, queries=4)
    generator = torch.Generator().manual_seed(0)
    inputs, queries = given.support.inputs.clone(), given.queries.clone()
    for own in (inputs, queries):
        own[..., 0] += 20 * torch.randn(own[..., 0].shape, generator=generator)
    noisy = given._replace(support=given.support._replace(inputs=inputs), queries=queries)

    def right() -> float:
        told = learner.scores(noisy.support, noisy.queries, WAYS).argmax(dim=-1)
        return (told == noisy.truth).float().mean().item()

    before = right()
    learner.settle([noisy])
    assert right() > before + 0.2


def test_photographs_that_are_trained_on_do_not_hide_how_queries_spread():
    """Examples that fell together say nothing; a query's first number strays by 20."""
    learner = Nearest(encoders.vectors(DIM, 0), CLASSES, "mahalanobis")
    given = episodes(shots=8, queries=4)
    centres = given.support.inputs[:, ::8].repeat_interleave(8, dim=1)
    generator = torch.Generator().manual_seed(0)
    queries = given.queries.clone()
    queries[..., 0] += 20 * torch.randn(queries[..., 0].shape, generator=generator)
    learner.settle(
        [given._replace(support=given.support._replace(inputs=centres), queries=queries)]
    )
    weight = (learner.whitening @ learner.whitening.T).diagonal()  # of each number's square
    assert weight[0] < 0.05 * weight[1:].min()


def test_a_trained_photograph_counts_no_more_than_a_query():
    learner, given = Nearest(encoders.vectors(DIM, 0), CLASSES, "cosine"), episodes(shots=3)
    copies = given.support
    many = Support(*(torch.cat([one] * 5, dim=1) for one in copies))
    torch.testing.assert_close(learner.loss(given._replace(support=many)), learner.loss(given))


def test_an_unknown_distance_is_named():
    with pytest.raises(ValueError, match="manhattan.*euclidean"):
        Nearest(encoders.vectors(DIM, 0), CLASSES, "manhattan")
