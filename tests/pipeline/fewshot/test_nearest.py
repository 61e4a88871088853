import pytest
import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.nearest import Nearest, whitening
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
    noise = 20 * torch.randn(given.support.inputs[..., 0].shape)
    inputs = given.support.inputs.clone()
    inputs[..., 0] += noise
    queries = given.queries.clone()
    queries[..., 0] += 20 * torch.randn(queries[..., 0].shape)
    noisy = given._replace(support=given.support._replace(inputs=inputs), queries=queries)

    def right() -> float:
        told = learner.scores(noisy.support, noisy.queries, WAYS).argmax(dim=-1)
        return (told == noisy.truth).float().mean().item()

    before = right()
    learner.settle([noisy])
    assert right() > before + 0.2


def test_an_unknown_distance_is_named():
    with pytest.raises(ValueError, match="manhattan.*euclidean"):
        Nearest(encoders.vectors(DIM, 0), CLASSES, "manhattan")
