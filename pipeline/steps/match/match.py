"""The step `match`: evidence of local features for each (query, identity), fold by fold.

    votes     sum of the identity's votes (`votes.py`)
    inliers   matches that fit one transform, of the identity's best photograph
    ratio     their fraction of all matches
    coverage  the fraction of the animal's frame that they span

Geometry is verified for a shortlist only: the photographs with the most votes, and the nearest by
embedding. So the cost grows with the queries, not with the pairs. All folds are matched together:
two photographs match alike in each, so that a test query, which every fold has, is searched once,
and a pair is verified once.

Held-out queries are also matched with a few random photographs, of the same individual and of
others. These are no evidence, but `verify` is fitted on them too: they show what two photographs
have in common by chance.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import faiss
import pandas as pd
from tqdm import tqdm

from pipeline.data import evidence
from pipeline.data.evidence import LOCAL
from pipeline.data.features import Features
from pipeline.params import Match
from pipeline.steps.match.matcher import Matcher, QueryMatches
from pipeline.steps.match.pairs import PAIR_SCORES
from pipeline.steps.match.queries import (
    FoldInput,
    FoldQuery,
    Galleries,
    build_queries,
    merge_galleries,
)
from pipeline.steps.match.tabulate import (
    PAIR_COLUMNS,
    POINT_COLUMNS,
    tabulate_pairs,
    tabulate_points,
    tabulate_votes,
)
from pipeline.system import machine

cv2.setNumThreads(0)  # its threads would compete with ours


@dataclass(frozen=True)
class FoldMatches:
    """One fold's evidence, its verified pairs (PAIR_COLUMNS) and their inliers (POINT_COLUMNS)."""

    evidence: pd.DataFrame
    pairs: pd.DataFrame
    points: pd.DataFrame


def match_folds(
    features: Features,
    folds: dict[int, FoldInput],
    duplicates: pd.DataFrame,
    params: Match,
    detector: str,
) -> dict[int, FoldMatches]:
    """Match every fold's queries with its gallery.

    duplicates : test photographs that are duplicates of a gallery photograph (table "duplicates")
    detector : of the features, "sift" or "disk"
    """
    gallery = merge_galleries([fold.gallery for fold in folds.values()])
    in_gallery = pd.Index(features.names).isin(gallery["image"])
    queries = build_queries(folds, duplicates, params.shortlist)
    if not queries or not (features.ends - features.starts[:-1])[in_gallery].any():
        empty = FoldMatches(
            evidence.build_empty(),
            pd.DataFrame(columns=PAIR_COLUMNS),
            pd.DataFrame(columns=POINT_COLUMNS),
        )
        return dict.fromkeys(folds, empty)
    images = {number: fold.gallery["image"] for number, fold in folds.items()}
    viewpoints = {name: word for fold in folds.values() for name, word in fold.viewpoints.items()}
    faiss.omp_set_num_threads(1)
    galleries = Galleries(gallery, images, viewpoints)
    return match_queries(Matcher(features, galleries, params, detector), queries)


def match_queries(matcher: Matcher, queries: dict[str, list[FoldQuery]]) -> dict[int, FoldMatches]:
    """Match all queries with the folds' galleries, in threads; results by fold."""
    # Faiss counts its threads per thread
    with ThreadPoolExecutor(
        machine.count_cores(), initializer=faiss.omp_set_num_threads, initargs=(1,)
    ) as pool:
        results = pool.map(matcher.match_query, queries, queries.values())
        hidden = len(queries) == 1
        bar = tqdm(results, "match", len(queries), unit="query", mininterval=2, disable=hidden)
        found = [matches for of_query in bar for matches in of_query]
    return {
        fold: build_fold_matches(matcher, [matches for matches in found if matches.fold == fold])
        for fold in matcher.comparable
    }


def build_fold_matches(matcher: Matcher, found: list[QueryMatches]) -> FoldMatches:
    """Build one fold's result; an identity's geometry is that of its best photograph."""
    pairs, points = tabulate_pairs(matcher, found), tabulate_points(matcher, found)
    best = pairs[~pairs["random"]].sort_values(PAIR_SCORES)
    best = best.drop_duplicates(["query", "identity"], keep="last")
    tables = [
        to_evidence(tabulate_votes(matcher, found), ["votes"]),
        to_evidence(best, PAIR_SCORES),
    ]
    return FoldMatches(pd.concat(tables, ignore_index=True), pairs, points)


def to_evidence(table: pd.DataFrame, sources: list[str]) -> pd.DataFrame:
    """Convert columns query, identity and one per source to an evidence table."""
    scores = {source: table[source].to_numpy(dtype=float) for source in sources}
    return evidence.build(table["query"].to_numpy(), table["identity"].to_numpy(), LOCAL, scores)
