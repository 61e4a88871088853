"""Votes of local features, by hand and against a naive count."""

from dataclasses import dataclass

import numpy as np
import pytest

from pipeline import params
from pipeline.steps.match import votes
from tests.conftest import ROOT

SECTION = params.load(ROOT / "tests/params.yaml").match.model_copy(
    update={"neighbours": 3, "probes": 1000}
)


@dataclass(frozen=True)
class Gallery(votes.Shown):
    """Features with their descriptors."""

    descriptors: np.ndarray


def shown(count: int = 200, seed: int = 0) -> Gallery:
    """Random features of 20 photographs, of 8 individuals."""
    rng = np.random.default_rng(seed)
    descriptors = rng.integers(0, 40, (count, 128), dtype=np.uint8)
    images = np.sort(rng.integers(0, 20, count))
    return Gallery(images, images % 8, descriptors)


def cast(descriptors: np.ndarray, gallery: Gallery, banned=(), **changes) -> votes.Votes:
    section = SECTION.model_copy(update=changes)
    index = votes.indexed(gallery.descriptors, section)
    allowed = ~np.isin(np.arange(gallery.images.max() + 1), banned)
    near = votes.neighbours(descriptors, index, 4 * section.neighbours)
    return votes.vote(*near, gallery, allowed, section.neighbours + 1)


def naive(descriptors: np.ndarray, gallery: Gallery, banned: set[int]) -> dict[int, float]:
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
def test_votes_are_the_naive_counts(banned):
    gallery = shown()
    rng = np.random.default_rng(1)
    near = gallery.descriptors[rng.choice(200, 30, replace=False)].astype(int)
    query = (near + rng.integers(-6, 7, near.shape)).clip(0, 255).astype(np.uint8)
    found = cast(query, gallery, banned)
    expected = naive(query, gallery, set(banned))
    assert found.labels.tolist() == sorted(expected)
    assert found.label_votes == pytest.approx([expected[label] for label in sorted(expected)])
    assert not set(found.images) & set(banned)


def test_margins_by_hand():
    distances = np.array([[0.2, 0.3, 0.5, 0.6], [0.1, 0.4, 0.4, 0.9]])
    labels = np.array([[7, 7, 4, 7], [1, 2, 1, 3]])
    assert votes.margins(distances, labels) == pytest.approx(
        np.array([[0.3, 0.2, 0, 0], [0.3, 0, 0, 0]])
    )


def test_without_a_foreign_neighbour_the_last_one_is_the_limit():
    assert votes.margins(np.array([[0.2, 0.3, 0.5]]), np.array([[7, 7, 7]])) == pytest.approx(
        np.array([[0.3, 0.2, 0]])
    )
    missing = votes.margins(np.array([[0.2, 0.5, np.inf]]), np.array([[7, 7, 1]]))
    assert missing == pytest.approx(np.array([[0.3, 0, 0]]))
    assert not votes.margins(np.full((1, 3), np.inf), np.array([[7, 7, 1]])).any()


def test_what_everybody_has_votes_for_nobody():
    """The same grass behind four individuals."""
    grass = np.full((4, 128), 9, np.uint8)
    gallery = Gallery(np.arange(4), np.arange(4), grass)
    found = cast(grass[:1], gallery)
    assert not len(found.labels) and not len(found.images)


def test_a_burst_counts_once():
    """Ten alike features of the query find one feature of the gallery."""
    gallery = Gallery(
        np.array([0, 1]), np.array([0, 1]), np.array([[50] * 128, [90] * 128], np.uint8)
    )
    one = cast(np.full((1, 128), 52, np.uint8), gallery)
    ten = cast(np.full((10, 128), 52, np.uint8), gallery)
    assert ten.label_votes.tolist() == one.label_votes.tolist()
    expected = (38 - 2) * np.sqrt(128) / 255
    assert one.labels.tolist() == [0] and one.label_votes[0] == pytest.approx(expected)


def test_a_feature_gives_an_individual_one_vote_but_each_of_its_photographs_its_own():
    weights = np.array([[0.5, 0.2, 0.0]])
    found = votes.summed(weights, np.array([[4, 6, 9]]), np.array([[1, 1, 2]]))
    assert found.labels.tolist() == [1] and found.label_votes.tolist() == [0.5]
    assert found.images.tolist() == [4, 6] and found.image_votes.tolist() == [0.5, 0.2]


def test_no_feature_no_vote():
    found = cast(np.empty((0, 128), np.uint8), shown())
    assert not len(found.labels) and not len(found.images)


def test_a_gallery_of_one_feature():
    gallery = Gallery(np.zeros(1, int), np.zeros(1, int), np.full((1, 128), 7, np.uint8))
    assert not len(cast(np.full((1, 128), 7, np.uint8), gallery).labels)


def test_few_probes_find_most_votes():
    gallery = shown(4000)
    exact, quick = (cast(gallery.descriptors[:60], gallery, probes=p) for p in (1000, 8))
    assert quick.label_votes.sum() > 0.9 * exact.label_votes.sum()
