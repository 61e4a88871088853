"""Local features of a query and of gallery photographs: matches, and scores of the geometry."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.data.features import Features
from pipeline.params import Match
from pipeline.steps.match import geometry, point_matches
from pipeline.steps.match.geometry import ArrayPair, PairMatches
from pipeline.steps.match.point_matches import NO_MATCHES, PointMatches
from pipeline.steps.match.points import describe_inliers

PAIR_SCORES = ["inliers", "ratio", "coverage"]

# A photograph by number, and the rows of some of its points
Region = tuple[int, slice]
# From a region of the query and regions of gallery photographs to the matches of each
PointMatcher = Callable[[Features, Region, Sequence[Region]], list[PointMatches]]


@dataclass(frozen=True)
class VerifiedPair:
    """The scores of two photographs (PAIR_SCORES) and their inliers (n x INLIER_COLUMNS)."""

    scores: tuple[float, float, float]
    points: np.ndarray


def load_point_matcher(detector: str, params: Match) -> PointMatcher:
    """Load what matches points: LightGlue, or mutual nearest and the ratio test."""
    if params.matcher == "lightglue":
        return load_light_glue(detector, params.matcher_weights)

    def match(features: Features, query: Region, others: Sequence[Region]) -> list[PointMatches]:
        descriptors = [features.descriptors[rows] for _, rows in others]
        first = features.descriptors[query[1]]
        return point_matches.match_mutually(first, descriptors, params.ratio)

    return match


def load_light_glue(detector: str, weights: str) -> PointMatcher:
    """Load LightGlue, which matches two photographs at a time."""
    from pipeline.models.light_glue import LightGlue  # torch takes seconds

    light_glue = LightGlue(detector, weights)

    def match_two(features: Features, first: Region, second: Region) -> PointMatches:
        points, descriptors = (
            (array[first[1]], array[second[1]]) for array in (features.points, features.descriptors)
        )
        if not all(len(array) for array in points):
            return NO_MATCHES
        sizes = features.sizes[first[0]], features.sizes[second[0]]
        rows = light_glue.match(points, descriptors, sizes)
        return point_matches.measure_matches(*descriptors, rows)

    return lambda features, query, others: [match_two(features, query, one) for one in others]


@dataclass(frozen=True)
class TwoPhotographs:
    """A query and a gallery photograph, by number."""

    features: Features
    images: tuple[int, int]

    def points(self, select: Callable[[Features, int], slice]) -> ArrayPair:
        """The points of both in the rows that `select` gives, k x 2 each."""
        first, second = (self.features.points[select(self.features, i)] for i in self.images)
        return first, second

    @property
    def longer_sides(self) -> tuple[float, float]:
        """Of the two canvases."""
        first, second = (float(max(self.features.sizes[image])) for image in self.images)
        return first, second


def verify_pairs(
    features: Features, query: int, images: Sequence[int], match: PointMatcher, params: Match
) -> list[VerifiedPair]:
    """Match a query with gallery photographs (by number), and score the geometry of each."""
    found = match_photographs(features, query, images, match, params)
    points = features.points[features.rows(query)]
    verified = []
    for image, matches in zip(images, found, strict=True):
        inliers = points[matches.rows[matches.inlier, 0]]
        coverage = geometry.hull_coverage(inliers, *features.sizes[query])
        described = describe_inliers(features, (query, image), matches)
        verified.append(VerifiedPair((float(matches.inliers), matches.ratio, coverage), described))
    return verified


def match_photographs(
    features: Features, query: int, images: Sequence[int], match: PointMatcher, params: Match
) -> list[PairMatches]:
    """Match a query with others (by number), and find which matches fit one transform each.

    Matches that move with a background that both show are left out. If an animal stood still
    between two photographs (a burst, a duplicate), these include its own points.
    """
    pairs = [TwoPhotographs(features, (query, image)) for image in images]
    found = [
        geometry.verify_matches(pair.points(Features.rows), matches, pair.longer_sides, params)
        for pair, matches in zip(pairs, match_regions(pairs, Features.rows, match), strict=True)
    ]
    fitted = [i for i, matches in enumerate(found) if matches.inliers]
    around = match_regions([pairs[i] for i in fitted], Features.background_rows, match)
    for i, matches in zip(fitted, around, strict=True):
        found[i] = leave_out_background(pairs[i], found[i], matches, params)
    return found


def match_regions(
    pairs: Sequence[TwoPhotographs], select: Callable[[Features, int], slice], match: PointMatcher
) -> list[PointMatches]:
    """Match the points of one query, in the rows that `select` gives, with those of others."""
    if not pairs:
        return []
    features = pairs[0].features
    query, *others = (
        (image, select(features, image))
        for image in (pairs[0].images[0], *(pair.images[1] for pair in pairs))
    )
    return match(features, query, others)


def leave_out_background(
    pair: TwoPhotographs, found: PairMatches, around: PointMatches, params: Match
) -> PairMatches:
    """Leave out of a pair's matches those that move with the matches around the animals."""
    if len(around) < geometry.MIN_BACKGROUND:
        return found
    points, surroundings = pair.points(Features.rows), pair.points(Features.background_rows)
    background = geometry.find_background(
        points, found.rows, surroundings, around.rows, pair.longer_sides, params
    )
    if not background.any():
        return found
    others = found.matches.select(~background)
    found = geometry.verify_matches(points, others, pair.longer_sides, params)
    return replace(found, background=int(background.sum()))
