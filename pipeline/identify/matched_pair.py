"""Two photographs with their matched points, and the picture of both."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from pipeline.data import images, tables
from pipeline.data.features import Features
from pipeline.params import Params
from pipeline.steps.match.geometry import PairMatches
from pipeline.steps.match.pairs import load_point_matcher, match_photographs
from pipeline.steps.verify import picture


@dataclass(frozen=True)
class MatchedPair:
    """Two photographs, their local features and their matches.

    images : rows of the table "images", with absolute paths
    """

    images: pd.DataFrame
    features: Features
    matches: PairMatches

    def draw(self, path: Path) -> None:
        """Write both photographs side by side, matched points joined, as PNG or JPEG."""
        views = self.warp_view(0), self.warp_view(1)
        points = self.matched_points(0), self.matched_points(1)
        drawing = picture.draw_matches(views, points, self.matches.inlier)
        _, data = cv2.imencode(path.suffix, cv2.cvtColor(drawing, cv2.COLOR_RGB2BGR))
        tables.replace(path, lambda part: part.write_bytes(data.tobytes()))

    def warp_view(self, image: int) -> np.ndarray:
        """The first or second photograph as its keypoints see it, uint8 H x W x 3."""
        return self.features.warp(images.read_rgb(self.images["path"].iloc[image]), image)

    def matched_points(self, image: int) -> np.ndarray:
        """Its matched points in that view, n x 2."""
        points = self.features.points[self.features.rows(image)]
        return points[self.matches.rows[:, image]]


def match_pair(table: pd.DataFrame, features: Features, p: Params) -> MatchedPair:
    """Match the local features of the two photographs of a table "images"."""
    match_points = load_point_matcher(p.keypoints.detector, p.match)
    (matches,) = match_photographs(features, 0, [1], match_points, p.match)
    files = [str(Path(path).absolute()) for path in table["path"]]
    return MatchedPair(table.assign(path=files), features, matches)
