"""The linear embedding of frozen features: a naive oracle, fits without a query's individual."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.gallery import Embeddings
from pipeline.naming.linear_embedding import (
    ON_ALL,
    SHRINKAGE,
    FittedEmbeddings,
    LinearEmbedding,
    fit_embeddings,
)


def sample_vectors(identities, seed=0, width=3):
    """Photograph and mirror image side by side, each of length 1 / sqrt(2)."""
    rng = np.random.default_rng(seed)
    views = rng.normal(size=(len(identities), 2, width))
    views /= np.linalg.norm(views, axis=2, keepdims=True) * 2**0.5
    return views.reshape(len(identities), -1).astype(np.float32)


def list_rows(identities):
    images = [f"p{i}" for i in range(len(identities))]
    return pd.DataFrame({"image": images, "identity": identities})


def test_similarities_are_those_of_the_inverse_covariance_within_individuals():
    identities = np.array(["a", "a", "b", "b", "b", "c"])
    vectors = sample_vectors(identities)
    by_animal: dict[str, list] = {}
    for vector, identity in zip(vectors.astype(float), identities, strict=True):
        by_animal.setdefault(identity, []).extend(vector.reshape(2, 3))
    features = np.array([view for views in by_animal.values() for view in views])
    deviations = [view - np.mean(views, axis=0) for views in by_animal.values() for view in views]
    within = sum(np.outer(one, one) for one in deviations) / len(deviations)
    within = (1 - SHRINKAGE) * within + SHRINKAGE * features.var(axis=0).mean() * np.eye(3)
    inverse = np.linalg.inv(within)

    def compare(first, second):
        parts = []
        for x, y in zip(first.reshape(2, 3), second.reshape(2, 3), strict=True):
            x, y = x - features.mean(axis=0), y - features.mean(axis=0)
            parts.append(x @ inverse @ y / np.sqrt((x @ inverse @ x) * (y @ inverse @ y)))
        return np.mean(parts)

    expected = [[compare(x, y) for y in vectors.astype(float)] for x in vectors.astype(float)]
    embedded = LinearEmbedding.fit(vectors, identities).embed(vectors)
    np.testing.assert_allclose(embedded @ embedded.T, expected, atol=1e-5)


def test_what_differs_between_photographs_of_one_animal_counts_little():
    """The first feature is the animal's, the second the light's, which varies more."""
    animal = np.repeat([-1.0, 1.0, -1.0, 1.0], 4)
    light = np.tile([-3.0, -1.0, 1.0, 3.0], 4)
    vectors = np.tile(np.stack([animal, light], axis=1), 2)
    identities = np.repeat(list("abcd"), 4)
    similarities = [
        v @ v.T for v in (vectors, LinearEmbedding.fit(vectors, identities).embed(vectors))
    ]
    # a's first photograph, and another of a in other light against b's in the same light
    assert similarities[0][0, 3] < similarities[0][0, 4]
    assert similarities[1][0, 1] > similarities[1][0, 4]


@pytest.mark.parametrize("identities", [["a", "b", "c"], ["a", "a", "a"], ["a"]])
def test_single_photographs_and_one_individual_give_unit_vectors(identities):
    vectors = sample_vectors(identities)
    for given in (vectors, np.full_like(vectors, vectors[0, 0])):
        embedded = LinearEmbedding.fit(given, np.array(identities)).embed(given)
        np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), 1, atol=1e-5)


def test_no_photograph_of_a_querys_individual_reaches_its_fit():
    """Other photographs of an individual change every fit but the one that compares it."""
    identities = np.repeat([f"{i}" for i in range(8)], 3)
    rows, vectors = list_rows(identities), sample_vectors(identities)
    others = vectors.copy()
    others[identities == "5"] = sample_vectors(identities, seed=1)[identities == "5"]
    images = rows["image"].to_numpy()
    first, second = (fit_embeddings(Embeddings(images, v), rows) for v in (vectors, others))
    stays = identities != "5"
    own = first.fit_of("5")
    assert own != ON_ALL and second.fit_of("5") == own
    for fit, embeddings in first.by_fit().items():
        same = np.allclose(embeddings.vectors[stays], second.by_fit()[fit].vectors[stays])
        assert same == (fit == own)
    allowed = np.array([first.fit_of(identity) != own for identity in identities])
    naive = LinearEmbedding.fit(vectors[allowed], identities[allowed]).embed(vectors)
    np.testing.assert_allclose(first.without[own].vectors, naive, atol=1e-6)


def test_each_pair_is_compared_by_its_querys_fit():
    images = np.array(["q", "r", "g"])
    everything = Embeddings(images, np.eye(3, dtype=np.float32))
    without = Embeddings(images, np.full((3, 3), 3**-0.5, np.float32))
    fitted = FittedEmbeddings(everything, {0: without}, {"anna": 0})
    pairs = pd.DataFrame({"query": ["q", "r"], "image": ["g", "g"]})
    similarities = fitted.compute_similarities(pairs, ["anna", ""])
    np.testing.assert_allclose(similarities, [1, 0], atol=1e-6)
