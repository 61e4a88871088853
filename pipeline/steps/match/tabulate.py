"""The tables of all queries' matches, each built at once: a table per query takes milliseconds."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.pairs import PAIR_SCORES
from pipeline.steps.match.points import INLIER_COLUMNS
from pipeline.steps.match.query_matches import QueryMatches

# random: a sampled pair; it stands for `weight` pairs of its query, others for one
PAIR_COLUMNS = ["query", "image", "identity", *PAIR_SCORES, "random", "weight"]
POINT_COLUMNS = ["query", "image", *INLIER_COLUMNS]
NO_POINTS = np.empty((0, len(INLIER_COLUMNS)), np.float32)


def tabulate_votes(matcher: Matcher, found: Sequence[QueryMatches]) -> pd.DataFrame:
    """The first candidates of every query (query, identity, votes, consistent_votes)."""
    queries = np.repeat([one.query for one in found], [len(one.votes) for one in found])
    identities = np.concatenate([np.empty(0, int), *(one.identities for one in found)])
    table = {
        "query": name_photographs(matcher, queries),
        "identity": matcher.identities.take(identities),
        "votes": np.concatenate([np.empty(0), *(one.votes for one in found)]),
        "consistent_votes": np.concatenate([np.empty(0), *(one.support for one in found)]),
    }
    return pd.DataFrame(table)


def tabulate_pairs(matcher: Matcher, found: Sequence[QueryMatches]) -> pd.DataFrame:
    """The verified pairs of every query (PAIR_COLUMNS)."""
    rows = [
        (one.query, image, *pair.scores, selection.random, selection.weight)
        for one in found
        for image, pair, selection in one.verified()
    ]
    columns = ["query", "image", *PAIR_SCORES, "random", "weight"]
    table = pd.DataFrame(rows, columns=columns).astype({"random": bool})
    images = table["image"].to_numpy(dtype=int)
    table["query"] = name_photographs(matcher, table["query"].to_numpy(dtype=int))
    table["image"] = name_photographs(matcher, images)
    table["identity"] = matcher.identities.take(matcher.label_of[images])
    return table[PAIR_COLUMNS]


def tabulate_points(matcher: Matcher, found: Sequence[QueryMatches]) -> pd.DataFrame:
    """The inliers of the verified pairs of every query (POINT_COLUMNS)."""
    pairs = [(one.query, image, pair.points) for one in found for image, pair, _ in one.verified()]
    queries, images, points = zip(*pairs, strict=True) if pairs else ((), (), ())
    counts = [len(own) for own in points]
    table = pd.DataFrame(np.concatenate([NO_POINTS, *points]), columns=INLIER_COLUMNS)
    table.insert(0, "query", name_photographs(matcher, np.repeat(queries, counts)))
    table.insert(1, "image", name_photographs(matcher, np.repeat(images, counts)))
    return table


def name_photographs(matcher: Matcher, numbers: np.ndarray) -> np.ndarray:
    """The names of photographs, by number."""
    return matcher.names[numbers.astype(int)]
