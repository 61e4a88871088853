"""Matches of pairs without stored keypoints, by LoFTR, of the shortlisted photographs.

    loftr   matches that fit one transform, of the identity's best photograph

The detector's keypoints make the shortlist, and say where the animal is: a match counts if both of
its ends are near a keypoint on the animal.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import groupby

import numpy as np
import pandas as pd
from scipy.spatial import KDTree
from tqdm import tqdm

from pipeline.data import evidence, images
from pipeline.data.evidence import LOCAL
from pipeline.data.features import Features
from pipeline.params import Match
from pipeline.steps.match.by_number import number_photographs
from pipeline.steps.match.geometry import ArrayPair, verify_matches
from pipeline.steps.match.point_matches import PointMatches
from pipeline.system import machine

SOURCE = "loftr"
NEAR = 16  # canvas pixels: two of LoFTR's cells
KEPT = 200  # canvases in memory, 0.8 MB each at 512 x 512 pixels


class PairScorer:
    """Scores pairs of photographs, whose canvases are read from their files.

    files : the file of each photograph, by its name
    """

    def __init__(self, features: Features, files: Mapping[str, str], params: Match) -> None:
        from pipeline.models.loftr import Loftr  # torch takes seconds

        self.features, self.files, self.params = features, files, params
        self.loftr = Loftr(params.pairs_weights)
        self.number_of = number_photographs(features)
        self.read = lru_cache(KEPT)(self.read_canvas)

    def build_evidence(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """The evidence of verified pairs (columns query, image, identity)."""
        rows = pairs[["query", "image"]].itertuples(index=False, name=None)
        scored = pairs.assign(score=np.fromiter(self.count_inliers(list(rows)), float, len(pairs)))
        best = scored.groupby(["query", "identity"], as_index=False, sort=False)["score"].max()
        scores = {SOURCE: best["score"].to_numpy(dtype=float)}
        return evidence.build(best["query"].to_numpy(), best["identity"].to_numpy(), LOCAL, scores)

    def count_inliers(self, pairs: list[tuple[str, str]]) -> Iterator[int]:
        """The inliers of each pair of names; pairs of one query follow one another."""
        bar = tqdm(total=len(pairs), desc="loftr", unit="pair", mininterval=2, disable=not pairs)
        with bar, ThreadPoolExecutor(machine.count_cores()) as pool:
            for query, group in groupby(pairs, key=lambda pair: pair[0]):
                others = [other for _, other in group]
                first = self.loftr.describe(self.read(query))
                for other, canvas in zip(others, pool.map(self.read, others), strict=True):
                    found = self.loftr.match(first, self.loftr.describe(canvas))
                    yield self.verify((self.number_of[query], self.number_of[other]), found)
                    bar.update()

    def verify(self, numbers: tuple[int, int], points: ArrayPair) -> int:
        """How many matches of two photographs, n x 2 points each, are on both and fit."""
        first, second = numbers
        on_both = self.near_keypoints(first, points[0]) & self.near_keypoints(second, points[1])
        count = int(on_both.sum())
        same_rows = np.repeat(np.arange(count)[:, None], 2, axis=1)
        matches = PointMatches(same_rows, *np.zeros((2, count), np.float32))
        kept = points[0][on_both], points[1][on_both]
        sides = (
            float(self.features.sizes[first].max()),
            float(self.features.sizes[second].max()),
        )
        return verify_matches(kept, matches, sides, self.params).inliers

    def near_keypoints(self, number: int, points: np.ndarray) -> np.ndarray:
        """Which of n x 2 points of a photograph are near a keypoint on its animal (bool n)."""
        keypoints = self.features.points[self.features.rows(number)]
        if not len(keypoints) or not len(points):
            return np.zeros(len(points), bool)
        distances, _ = KDTree(keypoints).query(points, distance_upper_bound=NEAR)
        return np.isfinite(distances)

    def read_canvas(self, name: str) -> np.ndarray:
        """A photograph as its keypoints see it, uint8 H x W x 3."""
        with images.open_rgb(self.files[name]) as photograph:
            return self.features.warp(photograph, self.number_of[name])
