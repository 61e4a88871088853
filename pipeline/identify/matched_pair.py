"""Two photographs with their matched points, and the picture of both."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import pandas as pd

from pipeline.data import images, tables
from pipeline.data.features import Features
from pipeline.data.warping import warp
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
        features, matches = self.features, self.matches
        columns = (self.images["path"], features.canvases, features.sizes)
        views = tuple(
            warp(images.read_rgb(file), matrix, *(int(v) for v in size), cv2.BORDER_REPLICATE)
            for file, matrix, size in zip(*columns, strict=True)
        )
        points = tuple(features.points[features.rows(i)][matches.pairs[:, i]] for i in (0, 1))
        drawing = picture.draw_matches(views, points, matches.inlier)
        _, data = cv2.imencode(path.suffix, cv2.cvtColor(drawing, cv2.COLOR_RGB2BGR))
        tables.replace(path, lambda part: part.write_bytes(data.tobytes()))


def match_pair(table: pd.DataFrame, features: Features, p: Params) -> MatchedPair:
    """Match the local features of the two photographs of a table "images"."""
    match_points = load_point_matcher(p.keypoints.detector, p.match)
    matches = match_photographs(features, (0, 1), match_points, p.match)
    files = [str(Path(path).absolute()) for path in table["path"]]
    return MatchedPair(table.assign(path=files), features, matches)
