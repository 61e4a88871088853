"""Pairs that may show the same photograph: near hashes, then like low frequencies."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import faiss
import numpy as np

from pipeline.steps.dedup import fingerprints

BLOCK = 512  # hashes searched at once: bounds the memory of a search where much is alike
CHUNK = 65536  # pairs compared at once, likewise
# How far two photographs may be apart anywhere in their low frequencies, at the contrast of the
# pixel check. Copies cropped by 1 to 5 % a side reach .20, two such crops of one original .28.
ROUGH_DIFFERENCE = 0.25
# 63 x 64: from the difference of two signatures to 8 x 8 points, each unit vector's contrast .25
POINTS = 2 * np.stack(
    [cv2.dct(unit.reshape(8, 8), flags=cv2.DCT_INVERSE).ravel() for unit in np.eye(64)[1:]]
).astype(np.float32)


class Candidate(NamedTuple):
    """`inner` (mirrored or not) looks like `window` of `outer`; both are rows."""

    inner: int
    outer: int
    window: int
    mirrored: bool


def find(prints: fingerprints.Fingerprints, hash_distance: int, mirror: bool) -> list[Candidate]:
    """Each pair of rows at most once a handedness, at its best window; flat rows never.

    hash_distance: largest number of differing bits of 64. mirror: look for mirror images too.
    """
    rows = np.flatnonzero(~prints.flat)
    signatures = prints.signatures[rows]
    if not len(rows):
        return []
    found = _of_one_hand(signatures, signatures[:, 0], hash_distance, False)
    if mirror:
        mirrored = signatures[:, 0] * fingerprints.MIRROR
        found += _of_one_hand(signatures, mirrored, hash_distance, True)
    return [Candidate(int(rows[i]), int(rows[o]), w, m) for i, o, w, m in found]


def _of_one_hand(
    signatures: np.ndarray, queries: np.ndarray, hash_distance: int, mirrored: bool
) -> list[Candidate]:
    """Candidates of queries (N x 63) in windows (N x 5 x 63)."""
    windows = signatures.shape[1]
    flat = signatures.reshape(-1, signatures.shape[-1])
    best: dict[tuple[int, int], tuple[float, Candidate]] = {}
    for query, position in near(
        fingerprints.hashes(queries), fingerprints.hashes(flat), hash_distance
    ):
        different = query != position // windows
        query, position = query[different], position[different]
        rough = rough_difference(queries, flat, query, position)
        alike = rough <= ROUGH_DIFFERENCE
        for q, at, value in zip(query[alike], position[alike], rough[alike], strict=True):
            outer, window = divmod(int(at), windows)
            candidate = Candidate(int(q), outer, window, mirrored)
            pair = (min(int(q), outer), max(int(q), outer))
            if pair not in best or value < best[pair][0]:
                best[pair] = (float(value), candidate)
    return [candidate for _, candidate in best.values()]


def rough_difference(
    queries: np.ndarray, gallery: np.ndarray, query: np.ndarray, row: np.ndarray
) -> np.ndarray:
    """For each pair (query, row), float32: how far two signatures are apart at the worst point."""
    starts = range(0, len(query), CHUNK)
    parts = [
        np.abs((queries[query[at : at + CHUNK]] - gallery[row[at : at + CHUNK]]) @ POINTS).max(1)
        for at in starts
    ]
    return np.concatenate([np.empty(0, np.float32), *parts])


def near(
    queries: np.ndarray, gallery: np.ndarray, distance: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of (query row, gallery row) whose hashes (uint8 N x 8) differ in at most `distance`
    bits of 64.
    """
    index = faiss.IndexBinaryFlat(64)
    index.add(np.ascontiguousarray(gallery))
    for start in range(0, len(queries), BLOCK):
        block = np.ascontiguousarray(queries[start : start + BLOCK])
        # Faiss finds what is strictly nearer than its radius.
        limits, _, rows = index.range_search(block, distance + 1)
        yield start + np.repeat(np.arange(len(block)), np.diff(limits.astype(np.int64))), rows
