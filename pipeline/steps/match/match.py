"""The step `match`: evidence of local features for each (query, identity).

    votes     sum of the identity's votes (`votes.py`)
    consistent_votes   how far they agree about where the animal is (`consistency.py`)
    inliers   matches that fit one transform, of the identity's best photograph
    ratio     their fraction of all matches
    coverage  the fraction of the animal's frame that they span
    edge_votes   votes of windows of trailing edges (`edges.py`), if `keypoints` described them
    loftr     inliers among LoFTR's matches (`semi_dense.py`), if `match.pairs` asks for them

Geometry is verified for a shortlist only: the photographs with the most consistent votes, and the
nearest by embedding. So the cost grows with the queries, not with the pairs. Local features are not
trained: a test query is matched once, with everything that is labelled, for all folds. All queries
are matched with one index.

Held-out queries are also matched with a few random photographs, of the same individual and of
others. These are no evidence, but `verify` is fitted on them too: they show what two photographs
have in common by chance.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice

import cv2
import faiss
import pandas as pd
from tqdm import tqdm

from pipeline.data.features import Features
from pipeline.params import Match
from pipeline.paths import QuerySet
from pipeline.steps.match import edges, squared_distances
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.matches import (
    EDGE_VOTES,
    Matches,
    add_evidence,
    build_empty,
    build_matches,
)
from pipeline.steps.match.queries import Galleries, Query
from pipeline.steps.match.query_matches import QueryMatches
from pipeline.steps.match.semi_dense import PairScorer
from pipeline.system.workers import start_workers

cv2.setNumThreads(0)  # its threads would compete with ours

MatchQueries = Callable[[Matcher, Sequence[tuple[str, Query]]], list[QueryMatches]]


def match_sets(
    features: Features,
    galleries: Galleries,
    sets: Mapping[QuerySet, Mapping[str, Query]],
    params: Match,
    detector: str,
    files: Mapping[str, str],
) -> dict[QuerySet, Matches]:
    """Match several sets of queries (by name), each query with its gallery.

    sets : by fold, and the test's
    detector : of the features, as `keypoints.detector`
    files : of the photographs, by name; needed for `params.pairs` alone
    """
    if not is_there_any(features, galleries, sets):
        return dict.fromkeys(sets, build_empty())
    found = match_points_and_edges(features, galleries, sets, params, detector)
    return add_pair_scores(found, features, files, params)


def is_there_any(
    features: Features, galleries: Galleries, sets: Mapping[QuerySet, Mapping[str, Query]]
) -> bool:
    """Whether there is a query, and something to match it with."""
    return any(sets.values()) and has_features(features, galleries.rows["image"])


def match_points_and_edges(
    features: Features,
    galleries: Galleries,
    sets: Mapping[QuerySet, Mapping[str, Query]],
    params: Match,
    detector: str,
    indices: tuple[faiss.Index | None, faiss.Index | None] = (None, None),
) -> dict[QuerySet, Matches]:
    """As `match_sets`, but without what `params.pairs` adds.

    indices : of the galleries' features, and of their edges; built where not given (`Matcher`)
    """
    index, edge_index = indices
    faiss.omp_set_num_threads(1)
    found = match_flat(Matcher(features, galleries, params, detector, index), sets)
    edge_matcher = edges.build_matcher(features, galleries, params, edge_index)
    return add_edge_votes(found, edge_matcher, sets)


def has_features(features: Features, images: pd.Series) -> bool:
    """Whether any of these photographs has a local feature."""
    own = pd.Index(features.names).isin(images)
    return bool((features.ends - features.starts[:-1])[own].any())


def match_queries(matcher: Matcher, queries: Sequence[tuple[str, Query]]) -> list[QueryMatches]:
    """Match queries (by name), in threads; the results are in their order."""
    with start_threads() as pool:
        results = pool.map(matcher.match_query, *zip(*queries, strict=True))
        hidden = len(queries) == 1
        bar = tqdm(results, "match", len(queries), unit="query", mininterval=2, disable=hidden)
        return list(bar)


def start_threads() -> AbstractContextManager[ThreadPoolExecutor]:
    """Start threads that match queries: one per core, each of which Faiss and torch leave alone."""
    # Faiss counts its threads per thread
    return start_workers(partial(faiss.omp_set_num_threads, 1))


def match_flat(
    matcher: Matcher,
    sets: Mapping[QuerySet, Mapping[str, Query]],
    match: MatchQueries = match_queries,
) -> dict[QuerySet, Matches]:
    """Match all sets of queries at once; the results are apart again."""
    flat = [query for queries in sets.values() for query in queries.items()]
    squared_distances.load_for(count_distances(matcher, len(flat)))
    found = iter(match(matcher, flat))
    return {
        key: build_matches(matcher, list(islice(found, len(queries))))
        for key, queries in sets.items()
    }


def count_distances(matcher: Matcher, queries: int) -> float:
    """About how many distances of two descriptors the shortlists of so many queries take."""
    features = matcher.features
    points = len(features.points) / max(len(features.names), 1)
    return queries * 2 * matcher.params.shortlist * points**2


def add_edge_votes(
    found: dict[QuerySet, Matches],
    matcher: Matcher | None,
    sets: Mapping[QuerySet, Mapping[str, Query]],
) -> dict[QuerySet, Matches]:
    """Add the evidence `edge_votes`, of the same queries, if there are trailing edges.

    matcher : of the edges (`edges.build_matcher`)
    """
    if matcher is None:
        return found
    without_pairs = {key: edges.without_pairs(queries) for key, queries in sets.items()}
    votes = match_flat(matcher, without_pairs)
    return {key: add_votes(matches, votes[key].evidence) for key, matches in found.items()}


def add_votes(matches: Matches, votes: pd.DataFrame) -> Matches:
    """Add the votes of edges (an evidence table) to what points gave."""
    of_edges = votes[votes["source"] == "votes"].assign(source=EDGE_VOTES)
    return add_evidence(matches, of_edges)


def add_pair_scores(
    found: dict[QuerySet, Matches], features: Features, files: Mapping[str, str], params: Match
) -> dict[QuerySet, Matches]:
    """Add the evidence of matches without keypoints, of the shortlist, if `params.pairs` is on."""
    if params.pairs == "none":
        return found
    scorer = PairScorer(features, files, params)
    scored = {}
    for key, matches in found.items():
        added = scorer.build_evidence(matches.pairs[~matches.pairs["random"].astype(bool)])
        scored[key] = add_evidence(matches, added)
    return scored
