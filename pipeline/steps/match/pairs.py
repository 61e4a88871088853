"""Local features of two photographs: their matches, and the scores of the geometry."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pipeline.data.features import Features
from pipeline.params import Match
from pipeline.steps.match import geometry
from pipeline.steps.match.geometry import ArrayPair, PairMatches
from pipeline.steps.match.points import describe_inliers

PAIR_SCORES = ["inliers", "ratio", "coverage"]

# From two photographs' points (k x 2), descriptors (k x d) and canvas sizes to matches (n x 2 rows)
PointMatcher = Callable[[ArrayPair, ArrayPair, ArrayPair], np.ndarray]


@dataclass(frozen=True)
class VerifiedPair:
    """The scores of two photographs (PAIR_SCORES) and their inliers (n x INLIER_COLUMNS)."""

    scores: tuple[float, float, float]
    points: np.ndarray


def load_point_matcher(detector: str, params: Match) -> PointMatcher:
    """Load what matches the points of two photographs: LightGlue for DISK, else the ratio test."""
    if detector == "disk":
        from pipeline.models.disk import LightGlue  # torch takes seconds

        return LightGlue().match
    return lambda points, descriptors, sizes: geometry.match_mutually(*descriptors, params.ratio)


def verify_pair(
    features: Features, images: tuple[int, int], match_points: PointMatcher, params: Match
) -> VerifiedPair:
    """Match a query and a gallery photograph (by number), and score the geometry."""
    matches = match_photographs(features, images, match_points, params)
    query = images[0]
    inliers = features.points[features.rows(query)][matches.pairs[matches.inlier, 0]]
    coverage = geometry.hull_coverage(inliers, *features.sizes[query])
    described = describe_inliers(features, images, matches)
    return VerifiedPair((float(matches.inliers), matches.ratio, coverage), described)


def match_photographs(
    features: Features, images: tuple[int, int], match_points: PointMatcher, params: Match
) -> PairMatches:
    """Match two photographs (by number), and find which matches fit one transform.

    Matches that move with a background that both show are left out. If an animal stood still
    between two photographs (a burst, a duplicate), these include its own points.
    """
    first, second = images
    points, pairs = match_regions(
        features, images, (features.rows(first), features.rows(second)), match_points
    )
    longer_sides = float(features.sizes[first].max()), float(features.sizes[second].max())
    matches = geometry.verify_matches(points, pairs, longer_sides, params)
    if not matches.inliers:
        return matches
    around = match_regions(
        features,
        images,
        (features.background_rows(first), features.background_rows(second)),
        match_points,
    )
    background = geometry.find_background(points, pairs, *around, longer_sides, params)
    if not background.any():
        return matches
    matches = geometry.verify_matches(points, pairs[~background], longer_sides, params)
    return replace(matches, background=int(background.sum()))


def match_regions(
    features: Features,
    images: tuple[int, int],
    rows: tuple[slice, slice],
    match_points: PointMatcher,
) -> tuple[ArrayPair, np.ndarray]:
    """Match those points of two photographs that `rows` selects.

    Returns the points, k x 2 each, and the matches, n x 2 rows of these.
    """
    points = features.points[rows[0]], features.points[rows[1]]
    descriptors = features.descriptors[rows[0]], features.descriptors[rows[1]]
    sizes = features.sizes[images[0]], features.sizes[images[1]]
    if not all(len(array) for array in points):
        return points, np.empty((0, 2), int)
    return points, match_points(points, descriptors, sizes)
