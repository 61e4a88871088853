"""The step `match`: what local features say of each (query, identity), fold by fold.

    votes     sum of the identity's votes (`votes.py`)
    inliers   matched points that fit one map of the body, of its best photograph
    ratio     their share of all matched points
    coverage  the share of the animal's frame that they span

Only a shortlist is looked at for geometry: the photographs with the most votes, and the nearest by
embedding. So the cost grows with the queries, not with the pairs. All folds are matched together:
two photographs look the same in each, so that a test query, which every fold asks, is searched
once, and a pair is looked at once.

A held-out query also looks at a few of the others, drawn by lot, of its own individual and of
others: they are no evidence, but `verify` learns from them what two photographs have in common by
chance.
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
from pipeline.steps.match.matcher import LOOK, Matcher
from pipeline.steps.match.points import POINT
from pipeline.steps.match.queries import Fold, Question, asked, together
from pipeline.system import machine

# a pair drawn by lot stands for `weight` of its query's pairs, one of the shortlist for itself
PAIR = ["query", "image", "identity", *LOOK, "drawn", "weight"]

POINTS = ["query", "image", *POINT]

cv2.setNumThreads(0)  # its own threads would compete with ours


@dataclass(frozen=True)
class Matched:
    """One fold's evidence; the pairs of photographs that were looked at (columns PAIR); and each
    pair's points that fit one map (columns POINTS).
    """

    evidence: pd.DataFrame
    pairs: pd.DataFrame
    points: pd.DataFrame


def match(
    features: Features, folds: dict[int, Fold], twins: pd.DataFrame, params: Match, detector: str
) -> dict[int, Matched]:
    """What local features say, fold by fold.

    twins : test photographs that copy a gallery one (table "twins")
    detector : what found the features, "sift" or "disk"
    """
    shown = together([one.gallery for one in folds.values()])
    present = pd.Index(features.names).isin(shown["image"])
    questions = asked(folds, twins, params.shortlist)
    if not questions or not (features.ends - features.starts[:-1])[present].any():
        silent = Matched(evidence.empty(), pd.DataFrame(columns=PAIR), pd.DataFrame(columns=POINTS))
        return dict.fromkeys(folds, silent)
    galleries = {fold: one.gallery["image"] for fold, one in folds.items()}
    faiss.omp_set_num_threads(1)
    return answered(Matcher(features, shown, galleries, params, detector), questions)


def answered(ready: Matcher, questions: dict[str, list[Question]]) -> dict[int, Matched]:
    """What the folds' galleries say to each query's questions, by fold."""
    # Faiss counts its threads thread by thread
    alone = dict(initializer=faiss.omp_set_num_threads, initargs=(1,))
    with ThreadPoolExecutor(machine.cores(), **alone) as pool:
        told = pool.map(ready.ask, questions, questions.values())
        bar = dict(unit="query", mininterval=2, disable=len(questions) == 1)
        told = list(tqdm(told, "match", len(questions), **bar))
    found, looked, points = (
        pd.concat(tables, ignore_index=True) for tables in zip(*told, strict=True)
    )
    looked["identity"] = looked["image"].map(ready.identity_of)
    return {
        fold: spoken(*(table[table["fold"] == fold] for table in (found, looked, points)))
        for fold in ready.galleries
    }


def spoken(cast: pd.DataFrame, looked: pd.DataFrame, points: pd.DataFrame) -> Matched:
    """One fold's; an identity speaks by its best photograph."""
    pairs = looked[PAIR].reset_index(drop=True)
    best = pairs[~pairs["drawn"].astype(bool)].sort_values(LOOK)
    best = best.drop_duplicates(["query", "identity"], keep="last")
    parts = [said(cast, ["votes"]), said(best, LOOK)]
    return Matched(
        pd.concat(parts, ignore_index=True), pairs, points[POINTS].reset_index(drop=True)
    )


def said(table: pd.DataFrame, sources: list[str]) -> pd.DataFrame:
    """Columns query, identity and one a source, as evidence."""
    scores = {source: table[source].to_numpy(dtype=float) for source in sources}
    return evidence.build(table["query"].to_numpy(), table["identity"].to_numpy(), LOCAL, scores)
