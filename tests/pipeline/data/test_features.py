"""Local features of single photographs are joined and appended."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.data import features
from pipeline.system.errors import UserError


def build_features(names: list[str], seed: int) -> features.Features:
    """Features with up to five points per photograph, the last of them in the background."""
    rng = np.random.default_rng(seed)
    photographs = []
    for _ in names:
        count = int(rng.integers(2, 6))
        points = rng.random((count, 2)), rng.integers(0, 99, (count, 8), np.uint8)
        photographs.append((*points, count - 1, rng.random((2, 3)), (int(rng.integers(9, 99)), 7)))
    return features.join(np.array(names), photographs)


def is_equal(first: tuple, second: tuple) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_appended_photographs_keep_their_features():
    first, second = build_features(["a", "b", "c"], 0), build_features(["d", "e"], 1)
    both = features.append(first, second)
    assert both.names.tolist() == ["a", "b", "c", "d", "e"]
    assert all(is_equal(both.of(i), first.of(i)) for i in range(3))
    assert all(is_equal(both.of(3 + i), second.of(i)) for i in range(2))
    assert both.background_rows(4).stop == len(both.points)


@pytest.mark.parametrize("empty_first", [False, True])
def test_appending_no_photograph_changes_nothing(empty_first):
    some, none = build_features(["a"], 0), features.build_empty()
    both = features.append(none, some) if empty_first else features.append(some, none)
    assert both is some


def test_canvases_are_read_without_descriptors(tmp_path):
    some = build_features(["a", "b"], 0)
    some.save(tmp_path / "features.npz")
    found = features.Canvases.load(tmp_path / "features.npz")
    assert found.names.tolist() == ["a", "b"]
    assert np.array_equal(found.canvases, some.canvases)
    assert np.array_equal(found.sizes, some.sizes)
    assert not hasattr(found, "descriptors")


def test_features_of_two_detectors_are_not_appended():
    first, second = build_features(["a"], 0), build_features(["b"], 1)
    longer = replace(second, descriptors=np.repeat(second.descriptors, 2, axis=1))
    with pytest.raises(UserError, match="of 8 and 16 numbers can't be compared: params.yaml or"):
        features.append(first, longer)


def test_edges_stay_with_their_photographs(tmp_path):
    edges = [np.full((count, features.EDGE_NUMBERS), count, np.uint8) for count in (2, 0, 3)]
    first, second = (build_features(names, 0) for names in (["a", "b"], ["c"]))
    parts = [
        features.join(part.names, [part.of(i)._replace(edge=edge) for i, edge in enumerate(own)])
        for part, own in ((first, edges[:2]), (second, edges[2:]))
    ]
    both = features.append(*parts)
    both.save(tmp_path / "features.npz")
    again = features.Features.load(tmp_path / "features.npz")
    assert [len(again.of(i).edge) for i in range(3)] == [2, 0, 3]
    assert all(np.array_equal(again.of(i).edge, edge) for i, edge in enumerate(edges))
    alone = again.edge_features()
    assert alone.starts.tolist() == [0, 2, 2, 5] and alone.ends.tolist() == [2, 2, 5]
    assert np.array_equal(alone.descriptors[alone.rows(2)], edges[2])


@pytest.mark.parametrize("counts", [[3, 0, 2], [0, 0], [4]])
def test_joined_on_the_disk_they_are_the_same(tmp_path, counts):
    rng = np.random.default_rng(0)
    photographs = [
        features.PhotographFeatures(
            rng.random((count, 2), np.float32),
            rng.integers(0, 255, (count, 8), np.uint8),
            count // 2,
            np.eye(2, 3),
            (9, 7),
        )
        for count in counts
    ]
    names = [f"{number}.jpg" for number in range(len(counts))]
    found = features.join_on_disk(names, iter(photographs), tmp_path)
    expected = features.join(names, photographs)
    for name in features.Features.__dataclass_fields__:
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name
        assert getattr(found, name).dtype == getattr(expected, name).dtype
    assert not list(tmp_path.iterdir())  # nothing is left behind
    found.save(tmp_path / "features.npz")
    stored = features.Features.load(tmp_path / "features.npz")
    assert np.array_equal(stored.descriptors, expected.descriptors)
