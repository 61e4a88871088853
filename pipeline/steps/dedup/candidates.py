"""Candidate pairs of the same photograph: similar hashes, then similar low frequencies."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import faiss
import numpy as np

from pipeline.steps.dedup import fingerprints

BLOCK = 512  # hashes searched at once: limits memory if many photographs are similar
CHUNK = 65536  # pairs compared at once, likewise
# Largest allowed difference anywhere in the low frequencies, at the contrast of the pixel check.
# Duplicates cropped by 1 to 5 % per side reach .20, two such crops of one original .28.
ROUGH_DIFFERENCE = 0.25
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
    prints: fingerprints.Fingerprints, hash_distance: int, mirror: bool
) -> list[Candidate]:
    """Find each pair of rows at most once per handedness, at its best window; flat rows never.

    hash_distance : largest number of differing bits of 64
    mirror : whether mirror images count as the same photograph
    """
    rows = np.flatnonzero(~prints.flat)
    signatures = prints.signatures[rows]
    if not len(rows):
        return []
    candidates = _find_one_handedness(signatures, signatures[:, 0], hash_distance, False)
    if mirror:
        mirrored = signatures[:, 0] * fingerprints.MIRROR
        candidates += _find_one_handedness(signatures, mirrored, hash_distance, True)
    return [Candidate(int(rows[i]), int(rows[o]), w, m) for i, o, w, m in candidates]


def _find_one_handedness(
    signatures: np.ndarray, queries: np.ndarray, hash_distance: int, mirrored: bool
) -> list[Candidate]:
    """Find candidates of queries (N x 63) among windows (N x 5 x 63)."""
    windows = signatures.shape[1]
    flat = signatures.reshape(-1, signatures.shape[-1])
    query_hashes = fingerprints.compute_hashes(queries)
    best: dict[tuple[int, int], tuple[float, Candidate]] = {}
    for query, position in search_hashes(
        query_hashes, fingerprints.compute_hashes(flat), hash_distance
    ):
        different = query != position // windows
        query, position = query[different], position[different]
        rough = rough_differences(queries, flat, query, position)
        similar = rough <= ROUGH_DIFFERENCE
        for q, at, value in zip(query[similar], position[similar], rough[similar], strict=True):
            outer, window = divmod(int(at), windows)
            candidate = Candidate(int(q), outer, window, mirrored)
            pair = (min(int(q), outer), max(int(q), outer))
            if pair not in best or value < best[pair][0]:
                best[pair] = (float(value), candidate)
    return [candidate for _, candidate in best.values()]


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
