"""Local features of photographs put together."""

import numpy as np
import pytest

from pipeline.data import features


def photographs(names: list[str], seed: int) -> features.Features:
    """Each with up to five points, of which some lie around the animal."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in names:
        count = int(rng.integers(2, 6))
        points = rng.random((count, 2)), rng.integers(0, 99, (count, 8), np.uint8)
        found.append((*points, count - 1, rng.random((2, 3)), (int(rng.integers(9, 99)), 7)))
    return features.join(np.array(names), found)


def same(first: tuple, second: tuple) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_photographs_that_are_appended_stay_what_they_are():
    first, second = photographs(["a", "b", "c"], 0), photographs(["d", "e"], 1)
    both = features.append(first, second)
    assert both.names.tolist() == ["a", "b", "c", "d", "e"]
    assert all(same(both.of(i), first.of(i)) for i in range(3))
    assert all(same(both.of(3 + i), second.of(i)) for i in range(2))
    assert both.background_rows(4).stop == len(both.points)


@pytest.mark.parametrize("turned", [False, True])
def test_nothing_appended_is_nothing_changed(turned):
    some, none = photographs(["a"], 0), features.build_empty()
    both = features.append(none, some) if turned else features.append(some, none)
    assert both is some
