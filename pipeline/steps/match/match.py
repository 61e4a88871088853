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
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.pairs import PAIR_SCORES
from pipeline.steps.match.points import INLIER_COLUMNS
from pipeline.steps.match.queries import FoldInput, FoldQuery, build_queries, merge_galleries
from pipeline.system import machine

# random: a sampled pair; it stands for `weight` pairs of its query, others for one
PAIR_COLUMNS = ["query", "image", "identity", *PAIR_SCORES, "random", "weight"]
POINT_COLUMNS = ["query", "image", *INLIER_COLUMNS]

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
    fold_galleries = {number: fold.gallery["image"] for number, fold in folds.items()}
    faiss.omp_set_num_threads(1)
    return match_queries(Matcher(features, gallery, fold_galleries, params, detector), queries)


def match_queries(matcher: Matcher, queries: dict[str, list[FoldQuery]]) -> dict[int, FoldMatches]:
    """Match all queries with the folds' galleries, in threads; results by fold."""
    # Faiss counts its threads per thread
    with ThreadPoolExecutor(
        machine.count_cores(), initializer=faiss.omp_set_num_threads, initargs=(1,)
    ) as pool:
        results = pool.map(matcher.match_query, queries, queries.values())
        hidden = len(queries) == 1
        bar = tqdm(results, "match", len(queries), unit="query", mininterval=2, disable=hidden)
        votes, pairs, points = (
            pd.concat(tables, ignore_index=True) for tables in zip(*bar, strict=True)
        )
    pairs["identity"] = pairs["image"].map(matcher.identity_of)
    return {
        fold: build_fold_matches(
            *(table[table["fold"] == fold] for table in (votes, pairs, points))
        )
        for fold in matcher.fold_galleries
    }


def build_fold_matches(
    votes: pd.DataFrame, pairs: pd.DataFrame, points: pd.DataFrame
) -> FoldMatches:
    """Build one fold's result; an identity's geometry is that of its best photograph."""
    pairs = pairs[PAIR_COLUMNS].reset_index(drop=True)
    best = pairs[~pairs["random"].astype(bool)].sort_values(PAIR_SCORES)
    best = best.drop_duplicates(["query", "identity"], keep="last")
    tables = [to_evidence(votes, ["votes"]), to_evidence(best, PAIR_SCORES)]
    return FoldMatches(
        pd.concat(tables, ignore_index=True), pairs, points[POINT_COLUMNS].reset_index(drop=True)
    )


def to_evidence(table: pd.DataFrame, sources: list[str]) -> pd.DataFrame:
    """Convert columns query, identity and one per source to an evidence table."""
    scores = {source: table[source].to_numpy(dtype=float) for source in sources}
    return evidence.build(table["query"].to_numpy(), table["identity"].to_numpy(), LOCAL, scores)
