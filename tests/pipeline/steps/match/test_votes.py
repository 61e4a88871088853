"""Votes of local features, by hand and against a naive count."""

from dataclasses import dataclass

import numpy as np
import pytest

from pipeline import params
from pipeline.steps.match import index as feature_index
from pipeline.steps.match import votes
from tests.conftest import ROOT

SECTION = params.load(ROOT / "tests/params.yaml").match.model_copy(
    update={"neighbours": 3, "probes": 1000}
)


@dataclass(frozen=True)
class Gallery(votes.GalleryFeatures):
    """Features with their descriptors."""

    descriptors: np.ndarray


def random_gallery(count: int = 200, seed: int = 0) -> Gallery:
    """Random features of 20 photographs, of 8 individuals."""
    rng = np.random.default_rng(seed)
    descriptors = rng.integers(0, 40, (count, 128), dtype=np.uint8)
    images = np.sort(rng.integers(0, 20, count))
    places = rng.uniform(0, 1, (count, 2)).astype(np.float32)
    return Gallery(images, images % 8, places, descriptors)


def cast_all(descriptors: np.ndarray, gallery: Gallery, banned=(), **changes) -> votes.Votes:
    section = SECTION.model_copy(update=changes)
    index = feature_index.build_index(
        gallery.descriptors, np.arange(len(gallery.descriptors)), section
    )
    allowed = ~np.isin(np.arange(gallery.images.max() + 1), banned)
    near = feature_index.search(descriptors, index, 4 * section.neighbours)
    places = np.zeros((len(descriptors), 2), np.float32)
    return votes.cast_votes(*near, places, gallery, allowed, section.neighbours + 1)


def naive_votes(descriptors: np.ndarray, gallery: Gallery, banned: set[int]) -> dict[int, float]:
    """Votes by label: every distance, feature by feature."""
    claims: dict[int, list[tuple[float, int, int]]] = {}
    for number, feature in enumerate(descriptors.astype(float)):
        distance = np.linalg.norm(gallery.descriptors - feature, axis=1) / 255
        near = [row for row in np.argsort(distance) if gallery.images[row] not in banned]
        near = near[: SECTION.neighbours + 1]
        nearest = gallery.labels[near[0]]
        foreign = [row for row in near if gallery.labels[row] != nearest]
        limit = distance[foreign[0] if foreign else near[-1]]
        for row in near:
            if limit > distance[row]:
                claim = (limit - distance[row], number, gallery.labels[row])
                claims.setdefault(row, []).append(claim)
    best: dict[tuple[int, int], float] = {}
    for row in claims:
        weight, number, label = max(claims[row])
        best[number, label] = max(best.get((number, label), 0), weight)
    totals: dict[int, float] = {}
    for (_, label), weight in best.items():
        totals[label] = totals.get(label, 0) + weight
    return totals


@pytest.mark.parametrize("banned", [[], [3, 4, 5]])
def test_votes_equal_a_naive_count(banned):
    gallery = random_gallery()
    rng = np.random.default_rng(1)
    near = gallery.descriptors[rng.choice(200, 30, replace=False)].astype(int)
    query = (near + rng.integers(-6, 7, near.shape)).clip(0, 255).astype(np.uint8)
    found = cast_all(query, gallery, banned)
    expected = naive_votes(query, gallery, set(banned))
    assert found.labels.tolist() == sorted(expected)
    assert found.label_votes == pytest.approx([expected[label] for label in sorted(expected)])
    assert not set(found.images) & set(banned)


def test_vote_weights_by_hand():
    distances = np.array([[0.2, 0.3, 0.5, 0.6], [0.1, 0.4, 0.4, 0.9]])
    labels = np.array([[7, 7, 4, 7], [1, 2, 1, 3]])
    assert votes.vote_weights(distances, labels) == pytest.approx(
        np.array([[0.3, 0.2, 0, 0], [0.3, 0, 0, 0]])
    )


def test_without_a_foreign_neighbour_the_last_one_sets_the_limit():
    assert votes.vote_weights(np.array([[0.2, 0.3, 0.5]]), np.array([[7, 7, 7]])) == pytest.approx(
        np.array([[0.3, 0.2, 0]])
    )
    missing = votes.vote_weights(np.array([[0.2, 0.5, np.inf]]), np.array([[7, 7, 1]]))
    assert missing == pytest.approx(np.array([[0.3, 0, 0]]))
    assert not votes.vote_weights(np.full((1, 3), np.inf), np.array([[7, 7, 1]])).any()


def test_features_shared_by_all_individuals_vote_for_none():
    """The same grass behind four individuals."""
    grass = np.full((4, 128), 9, np.uint8)
    gallery = Gallery(np.arange(4), np.arange(4), np.zeros((4, 2)), grass)
    found = cast_all(grass[:1], gallery)
    assert not len(found.labels) and not len(found.images)


def test_a_burst_of_similar_features_counts_once():
    """Ten similar features of the query match one feature of the gallery."""
    gallery = Gallery(
        np.array([0, 1]),
        np.array([0, 1]),
        np.zeros((2, 2)),
        np.array([[50] * 128, [90] * 128], np.uint8),
    )
    one = cast_all(np.full((1, 128), 52, np.uint8), gallery)
    ten = cast_all(np.full((10, 128), 52, np.uint8), gallery)
    assert ten.label_votes.tolist() == one.label_votes.tolist()
    expected = (38 - 2) * np.sqrt(128) / 255
    assert one.labels.tolist() == [0] and one.label_votes[0] == pytest.approx(expected)


def test_a_feature_votes_once_per_individual_and_once_per_photograph():
    weights, support = np.array([[0.5, 0.2, 0.0]]), np.array([[0.25, 1.0, 0.0]])
    found = votes.sum_votes(weights, support, np.array([[4, 6, 9]]), np.array([[1, 1, 2]]))
    assert found.labels.tolist() == [1] and found.label_votes.tolist() == [0.5]
    assert found.label_support.tolist() == [1.0]
    assert found.images.tolist() == [4, 6] and found.image_votes.tolist() == [0.5, 0.2]
    assert found.image_support.tolist() == [0.25, 1.0]


def test_the_most_consistent_photographs_and_individuals_come_first():
    """Of equal ones, those with most votes."""
    weights = np.array([[0.5, 0.3, 0.2, 0.1]])
    support = np.array([[0.0, 0.5, 0.0, 1.0]])
    found = votes.sum_votes(weights, support, np.array([[4, 5, 6, 7]]), np.array([[9, 8, 8, 3]]))
    assert found.rank_images().tolist() == [7, 5, 4, 6]
    assert found.labels[found.rank_labels()].tolist() == [3, 8, 9]


def test_no_feature_casts_no_vote():
    found = cast_all(np.empty((0, 128), np.uint8), random_gallery())
    assert not len(found.labels) and not len(found.images)


def test_a_gallery_of_one_feature_gets_no_vote():
    one = np.zeros(1, int)
    gallery = Gallery(one, one, np.zeros((1, 2)), np.full((1, 128), 7, np.uint8))
    assert not len(cast_all(np.full((1, 128), 7, np.uint8), gallery).labels)


def test_a_gallery_without_features_gives_no_votes_until_one_is_enrolled():
    index = feature_index.build_index(np.empty((0, 128), np.uint8), np.arange(0), SECTION)
    query = np.full((3, 128), 7, np.uint8)
    none = np.empty(0, int)
    cast = votes.cast_votes(
        *feature_index.search(query, index, 5),
        np.zeros((3, 2)),
        votes.GalleryFeatures(none, none, np.empty((0, 2))),
        np.ones(1, bool),
        4,
    )
    assert not len(cast.labels) and not len(cast.images)
    feature_index.extend(index, query, np.arange(3))
    assert feature_index.search(query[:1], index, 5)[0].tolist() == [[0, 0, 0]]
