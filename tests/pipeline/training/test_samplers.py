"""Batches of P identities x K views: their contents, how often, and the same every time."""

from collections import Counter

import numpy as np
import pytest

from pipeline.params.training import Sampler
from pipeline.training.dataset import View
from pipeline.training.samplers import IdentityBatches, assign_labels, count_slots

# identities 0 to 7 with 1, 2, 3 .. 8 images, then 5 new_whale; rows start at 100
LABELS = np.concatenate([np.full(n, n - 1) for n in range(1, 9)] + [np.full(5, -1)])
ROWS = 100 + np.arange(len(LABELS))
LABEL_OF = dict(zip(ROWS.tolist(), LABELS.tolist(), strict=True))


def sampler(rows=ROWS, labels=LABELS, flip="none", seed=0, **changes) -> IdentityBatches:
    values = dict(kind="identities", block=2, noise=0.0, identities=4, views=2)
    values |= dict(new_whale_fraction=0.2, power=1.0, min_views=0)
    settings = Sampler.model_construct(**(values | changes))
    return IdentityBatches(rows, labels, settings, flip=flip, seed=seed)


def epoch(batches: IdentityBatches, number: int) -> list[list[View]]:
    batches.epoch = number
    return list(batches)


def test_a_batch_is_p_identities_with_k_views_and_new_whales():
    for number in range(5):
        for batch in epoch(sampler(), number):
            counts = Counter(view.label for view in batch)
            assert counts.pop(-1) == 2  # 8 known views and 2 more: a fifth
            assert list(counts.values()) == [2, 2, 2, 2]


def test_a_view_carries_its_rows_label():
    views = [view for batch in sampler() for view in batch]
    assert all(LABEL_OF[view.row] == view.label for view in views)


@pytest.mark.parametrize("identities, views", [(4, 2), (3, 2), (5, 3), (8, 1), (7, 4)])
def test_an_epoch_shows_every_image_of_a_known_identity(identities, views):
    for number in range(4):
        batches = epoch(sampler(identities=identities, views=views), number)
        seen = {view.row for batch in batches for view in batch}
        assert set(ROWS[LABELS >= 0].tolist()) <= seen


@pytest.mark.parametrize("identities, views", [(4, 2), (3, 2), (5, 3), (8, 1), (7, 4)])
def test_len_is_the_number_of_batches(identities, views):
    batches = sampler(identities=identities, views=views)
    assert len(batches) == len(list(batches))
    # slots: an identity's images divided by K, rounded up; batches: slots by P, rounded up
    slots = sum(-(-n // views) for n in range(1, 9))
    assert len(batches) == -(-slots // identities)


def test_photographs_are_repeated_only_if_an_identity_has_too_few():
    """With K = 3: one image 3 times, two images 2 + 1, three or more once each."""
    for batch in epoch(sampler(views=3, new_whale_fraction=0), 0):
        for label in {view.label for view in batch}:
            times = Counter(view.row for view in batch if view.label == label)
            expected = {0: [3], 1: [1, 2]}.get(label, [1, 1, 1])
            assert sorted(times.values()) == expected


def test_repeated_photographs_have_different_seeds():
    views = [view for batch in sampler(views=4) for view in batch if view.label == 0]
    assert len({view.row for view in views}) == 1
    assert len({view.seed for view in views}) == len(views) >= 4


def test_no_identity_is_twice_in_a_batch_if_that_is_possible():
    """8 slots of identity 7 (K = 1) fit into the epoch's batches once each."""
    for seed in range(30):
        batches = list(sampler(views=1, identities=4, new_whale_fraction=0, seed=seed))
        assert len(batches) >= 8
        for batch in batches:
            assert len({view.label for view in batch}) == 4


def test_every_label_is_assigned_all_its_slots():
    rng = np.random.default_rng(0)
    for _ in range(100):
        size = int(rng.integers(1, 5))
        counts = rng.integers(1, 6, size=8)
        counts[0] += -counts.sum() % size
        batches = list(assign_labels(counts, size, rng))
        assert {len(batch) for batch in batches} == {size}
        assigned = Counter(label for batch in batches for label in batch)
        assert [assigned[label] for label in range(8)] == counts.tolist()
        if counts.max() <= len(batches):
            assert all(len(set(batch)) == size for batch in batches)


def test_the_labels_with_the_highest_keys_are_sampled_highest_first():
    """A naive oracle: all keys of a batch, sorted."""
    counts, size = np.array([1, 2, 1, 1, 3, 1, 1, 2]), 4
    left, rng, expected = counts.copy(), np.random.default_rng(5), []
    for batches in (3, 2, 1):
        keys = rng.random(8) ** (1 / np.maximum(left, 1)) + (left >= batches)
        order = sorted(np.flatnonzero(left), key=lambda label: -keys[label])[:size]
        left[order] -= 1
        expected.append(order)
    assert list(assign_labels(counts, size, np.random.default_rng(5))) == expected


def test_a_label_that_every_batch_needs_is_in_every_batch():
    """[3, 1, 1, 1] in batches of 2: label 0 beside each other one, never two others together."""
    for seed in range(20):
        batches = list(assign_labels(np.array([3, 1, 1, 1]), 2, np.random.default_rng(seed)))
        assert sorted(sorted(batch) for batch in batches) == [[0, 1], [0, 2], [0, 3]]


def test_a_label_is_twice_in_a_batch_if_that_cannot_be_avoided():
    batches = list(assign_labels(np.array([5, 1]), 2, np.random.default_rng(0)))
    assert sorted(sorted(batch) for batch in batches) == [[0, 0], [0, 0], [0, 1]]


def test_the_first_identity_varies():
    """Identities with many images must not all come first."""
    first = Counter(
        sampler(seed=seed, new_whale_fraction=0).__iter__().__next__()[0].label
        for seed in range(60)
    )
    assert len(first) >= 6


def test_the_same_seed_and_epoch_give_the_same_batches():
    assert epoch(sampler(flip="augment"), 3) == epoch(sampler(flip="augment"), 3)
    assert epoch(sampler(), 3) != epoch(sampler(), 4)
    assert epoch(sampler(), 3) != epoch(sampler(seed=1), 3)
    batches = sampler()
    first = epoch(batches, 0)
    epoch(batches, 1)
    assert epoch(batches, 0) == first


def test_new_whales_of_a_batch_are_different_images():
    for batch in sampler(new_whale_fraction=0.3):
        rows = [view.row for view in batch if view.label == -1]
        assert len(rows) == len(set(rows)) == 3  # 8 known, 3 of 11


def test_flip_none_and_augment():
    assert not any(view.flipped for batch in sampler() for view in batch)
    flips = [
        view.flipped
        for i in range(20)
        for batch in epoch(sampler(flip="augment"), i)
        for view in batch
    ]
    assert 0.4 < np.mean(flips) < 0.6


def test_flip_identity_mirrors_whole_slots_under_another_label():
    seen = set()
    for number in range(10):
        for batch in epoch(sampler(flip="identity"), number):
            for view in batch:
                label = LABEL_OF[view.row]
                expected = -1 if label == -1 else label + 8 * view.flipped
                assert view.label == expected
                seen.add(view.label)
            counts = Counter(view.label for view in batch if view.label >= 0)
            assert set(counts.values()) == {2}
    assert seen == set(range(-1, 16))


def test_a_single_identity():
    batches = list(sampler(ROWS[:3], np.zeros(3, dtype=int), new_whale_fraction=0.2))
    assert len(batches) == 2
    assert all([view.label for view in batch] == [0, 0] for batch in batches)
    assert {view.row for batch in batches for view in batch} == set(ROWS[:3].tolist())


def test_fewer_identities_than_p():
    labels = np.repeat(np.arange(5), 4)
    batches = sampler(ROWS[:20], labels, identities=50)
    assert batches.identities == 5 and len(batches) == 2
    for batch in batches:
        assert sorted(view.label for view in batch) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_no_new_whale_images():
    known = LABELS >= 0
    for batch in sampler(ROWS[known], LABELS[known]):
        assert len(batch) == 8 and all(view.label >= 0 for view in batch)


def test_fewer_new_whales_than_wanted():
    few = (LABELS >= 0) | (ROWS[-1] == ROWS)
    for batch in sampler(ROWS[few], LABELS[few], new_whale_fraction=0.5):
        assert [view.row for view in batch if view.label == -1] == [ROWS[-1]]


@pytest.mark.parametrize(
    "power, min_views, expected",
    [
        (1.0, 0, [1, 1, 2, 8]),  # 1, 2, 3 and 16 photographs, two per slot
        (0.0, 0, [3, 3, 3, 3]),  # 12 slots divided equally
        (0.5, 0, [2, 2, 3, 5]),  # 12 x 1, 1, 1.41, 2.83 of 6.24: 1.92, 1.92, 2.72, 5.44
        (1.0, 5, [3, 3, 3, 8]),  # five views are three slots
    ],
)
def test_slots_by_hand(power, min_views, expected):
    assert count_slots([1, 2, 3, 16], 2, power, min_views).tolist() == expected


def test_every_identity_has_min_views():
    """At least ten views of each: the one photograph of identity 0 ten times, from ten seeds."""
    views = [view for batch in epoch(sampler(min_views=10), 0) for view in batch]
    assert min(Counter(view.label for view in views if view.label >= 0).values()) >= 10
    rare = [view for view in views if view.label == 0]
    assert {view.row for view in rare} == {100} and len({view.seed for view in rare}) == len(rare)
    assert len(sampler(min_views=10)) == len(epoch(sampler(min_views=10), 1))
