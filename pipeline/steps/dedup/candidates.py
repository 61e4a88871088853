"""Candidate pairs of the same photograph: similar hashes, then similar low frequencies."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import faiss
import numpy as np

from pipeline.steps.dedup import fingerprints, fixed_camera

BLOCK = 512  # hashes searched at once: limits memory if many photographs are similar
CHUNK = 65536  # pairs compared at once, likewise
# Largest allowed difference anywhere in the low frequencies, at the contrast of the pixel check.
# Duplicates cropped by 1 to 5 % per side reach .20, two such crops of one original .28.
ROUGH_DIFFERENCE = 0.25
CHANGED = 2.0  # times what the pixel check allows: the smallest change between two moments
# 63 x 64: from the difference of two signatures to 8 x 8 points, at a contrast of .25
POINTS = 2 * np.stack(
    [cv2.dct(unit.reshape(8, 8), flags=cv2.DCT_INVERSE).ravel() for unit in np.eye(64)[1:]]
).astype(np.float32)


class Candidate(NamedTuple):
    """Row `inner` (mirrored or not) resembles window number `window` of row `outer`."""

    inner: int
    outer: int
    window: int
    mirrored: bool


def find_candidates(
    prints: fingerprints.Fingerprints, hash_distance: int, mirror: bool, pixel_difference: float
) -> list[Candidate]:
    """Find each pair of rows at most once per handedness, at its best window; flat rows never.

    Two moments of a camera that does not move are no candidates.

    hash_distance : largest number of differing bits of 64
    mirror : whether mirror images count as the same photograph
    pixel_difference : what the pixel check allows
    """
    rows = np.flatnonzero(~prints.flat)
    signatures = prints.signatures[rows]
    if not len(rows):
        return []
    frames = fixed_camera.shrink_frames(prints.thumbnails[rows])
    candidates = []
    for mirrored in (False, True) if mirror else (False,):
        queries = signatures[:, 0] * (fingerprints.MIRROR if mirrored else 1)
        blocks = []
        for inner, outer, window, rough in _find_similar(signatures, queries, hash_distance):
            # frames of one camera are alike in their own handedness, whatever is compared here
            other = fixed_camera.are_other_moments(frames, inner, outer, CHANGED * pixel_difference)
            blocks.append([column[~other] for column in (inner, outer, window, rough)])
        inner, outer, window = _select_best(blocks)
        columns = (rows[inner].tolist(), rows[outer].tolist(), window.tolist())
        candidates += [Candidate(*row, mirrored) for row in zip(*columns, strict=True)]
    return candidates


def _find_similar(
    signatures: np.ndarray, queries: np.ndarray, hash_distance: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield blocks of queries (N x 63) that resemble windows (N x 5 x 63) of other rows.

    Four columns: the query's row, the row and window that are most like it of each two rows, and
    their rough difference.
    """
    windows = signatures.shape[1]
    flat = signatures.reshape(-1, signatures.shape[-1])
    query_hashes, hashes = fingerprints.compute_hashes(queries), fingerprints.compute_hashes(flat)
    for query, position in search_hashes(query_hashes, hashes, hash_distance):
        different = query != position // windows
        query, position = query[different], position[different]
        rough = rough_differences(queries, flat, query, position)
        similar = rough <= ROUGH_DIFFERENCE
        outer, window = np.divmod(position[similar], windows)
        inner, rough = query[similar], rough[similar]
        best = _first_by_pair(inner, outer, rough)
        yield inner[best], outer[best], window[best], rough[best]


def _select_best(blocks: list[list[np.ndarray]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each two rows the best of either order: columns inner, outer, window."""
    inner, outer, window, rough = (np.concatenate(column) for column in zip(*blocks, strict=True))
    best = _first_by_pair(np.minimum(inner, outer), np.maximum(inner, outer), rough)
    return inner[best], outer[best], window[best]


def _first_by_pair(first: np.ndarray, second: np.ndarray, rough: np.ndarray) -> np.ndarray:
    """The place of the smallest rough difference of each pair of rows."""
    order = np.lexsort((rough, second, first))
    is_first = np.ones(len(order), bool)
    is_first[1:] = (np.diff(first[order]) != 0) | (np.diff(second[order]) != 0)
    return order[is_first]


def rough_differences(
    queries: np.ndarray, gallery: np.ndarray, query: np.ndarray, row: np.ndarray
) -> np.ndarray:
    """For each pair (query, row): how much two signatures differ at the worst point, float32."""
    starts = range(0, len(query), CHUNK)
    parts = [
        np.abs((queries[query[at : at + CHUNK]] - gallery[row[at : at + CHUNK]]) @ POINTS).max(1)
        for at in starts
    ]
    return np.concatenate([np.empty(0, np.float32), *parts])


def search_hashes(
    queries: np.ndarray, gallery: np.ndarray, distance: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield blocks of (query row, gallery row) whose hashes differ in at most `distance` bits.

    queries, gallery : uint8 N x 8, hashes of 64 bits
    """
    index = faiss.IndexBinaryFlat(64)
    index.add(np.ascontiguousarray(gallery))
    for start in range(0, len(queries), BLOCK):
        block = np.ascontiguousarray(queries[start : start + BLOCK])
        # Faiss returns what is strictly nearer than its radius
        limits, _, rows = index.range_search(block, distance + 1)
        counts: np.ndarray = np.diff(limits.astype(np.int64))
        yield start + np.repeat(np.arange(len(block)), counts), rows
