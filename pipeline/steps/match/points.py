"""The inliers of two photographs, described for the step `weigh`."""

import numpy as np

from pipeline.data.features import Features
from pipeline.steps.match.geometry import PairMatches

# query_point: the row of the query's point; x, y and gallery_x, gallery_y: coordinates of the
# query's and of the gallery's point, as fractions of the canvas's width and height; distance: of
# the descriptors; ratio: Lowe's ratio, the distance over that to the second nearest
INLIER_COLUMNS = ["query_point", "x", "y", "gallery_x", "gallery_y", "distance", "ratio"]


def describe_inliers(
    features: Features, images: tuple[int, int], matches: PairMatches
) -> np.ndarray:
    """Describe the inliers of two photographs (by number), n x 7 float32 (INLIER_COLUMNS)."""
    inliers = matches.matches.select(matches.inlier)
    table = np.empty((len(inliers), len(INLIER_COLUMNS)), np.float32)
    table[:, 0] = inliers.rows[:, 0]
    for i, columns in enumerate((slice(1, 3), slice(3, 5))):
        points = features.points[features.rows(images[i])][inliers.rows[:, i]]
        table[:, columns] = points / features.sizes[images[i]]
    table[:, 5], table[:, 6] = inliers.distances, inliers.ratios
    return table
