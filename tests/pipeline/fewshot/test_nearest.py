import pytest
import torch

from pipeline.fewshot import encoders
from pipeline.fewshot.nearest import Nearest, whitening_matrix
from pipeline.fewshot.tasks import Support
from tests.pipeline.fewshot.synthetic import CLASSES, DIM, WAYS, sample_episodes


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_the_score_of_a_class_is_that_of_its_nearest_example(distance):
    learner, episodes = Nearest(encoders.residual(DIM, 0), CLASSES, distance), sample_episodes()
    scores = learner.score(episodes.support, episodes.queries, WAYS)
    query = episodes.queries[0, 0] * DIM**0.5
    for way in range(WAYS):
        examples = episodes.support.inputs[0][episodes.support.labels[0] == way] * DIM**0.5
        if distance == "euclidean":
            expected = [-(query - example).norm() for example in examples]
        else:
            expected = [torch.cosine_similarity(query, example, dim=0) for example in examples]
        torch.testing.assert_close(scores[0, 0, way], max(expected))


def test_whitened_vectors_have_unit_covariance():
    generator = torch.Generator().manual_seed(0)
    mixed = torch.randn(4000, 3, generator=generator) @ torch.tensor(
        [[3.0, 1.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.2, 1.0]]
    )
    whitened = mixed @ whitening_matrix(mixed)
    torch.testing.assert_close(whitened.T @ whitened / 4000, torch.eye(3), rtol=0.01, atol=0.01)


def test_mahalanobis_distance_discounts_variation_within_classes():
    # the first component is noise within each class, the others distinguish the classes
    learner = Nearest(encoders.residual(DIM, 0), CLASSES, "mahalanobis")
    episodes = sample_episodes(shots=4, queries=4)
    generator = torch.Generator().manual_seed(0)
    inputs, queries = episodes.support.inputs.clone(), episodes.queries.clone()
    for vectors in (inputs, queries):
        vectors[..., 0] += 20 * torch.randn(vectors[..., 0].shape, generator=generator)
    noisy = episodes._replace(support=episodes.support._replace(inputs=inputs), queries=queries)

    def accuracy() -> float:
        predicted = learner.score(noisy.support, noisy.queries, WAYS).argmax(dim=-1)
        return (predicted == noisy.truth).float().mean().item()

    before = accuracy()
    learner.finish_training([noisy])
    assert accuracy() > before + 0.2


def test_collapsed_examples_do_not_hide_the_variation_of_queries():
    """A class's examples are equal, as after training on them; queries vary in component 0."""
    learner = Nearest(encoders.residual(DIM, 0), CLASSES, "mahalanobis")
    episodes = sample_episodes(shots=8, queries=4)
    centres = episodes.support.inputs[:, ::8].repeat_interleave(8, dim=1)
    generator = torch.Generator().manual_seed(0)
    queries = episodes.queries.clone()
    queries[..., 0] += 20 * torch.randn(queries[..., 0].shape, generator=generator)
    support = episodes.support._replace(inputs=centres)
    learner.finish_training([episodes._replace(support=support, queries=queries)])
    weight = (learner.whitening @ learner.whitening.T).diagonal()  # of each squared component
    assert weight[0] < 0.05 * weight[1:].min()


def test_repeated_supports_do_not_change_the_loss():
    learner = Nearest(encoders.residual(DIM, 0), CLASSES, "cosine")
    episodes = sample_episodes(shots=3)
    repeated = Support(*(torch.cat([values] * 5, dim=1) for values in episodes.support))
    loss = learner.loss(episodes._replace(support=repeated))
    torch.testing.assert_close(loss, learner.loss(episodes))


def test_an_unknown_distance_raises():
    with pytest.raises(ValueError, match="manhattan.*euclidean"):
        Nearest(encoders.residual(DIM, 0), CLASSES, "manhattan")
