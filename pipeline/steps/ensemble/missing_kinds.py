"""Fits on held-out queries of which one kind is missing.

Without new queries the place of new_whale could move anywhere: the fit would never say it; a few of
them place it by chance. What a new individual's query looks like can still be seen: a known query
without its own individual among the candidates. With the weights of the prior, the place is where
the prior and the scores put it. Its members did train on these individuals, so it is no
measurement: nothing is scored on such rows.

Without known queries no pair of photographs shows one individual; see `prior_blend`.
"""

from dataclasses import replace

import numpy as np

from pipeline.data.gallery import KNOWN, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation.coverage import MIN_INDIVIDUALS, count_individuals
from pipeline.steps.ensemble.assemble import FoldEvidence, stack_folds

# new individuals; fewer, which get all of the prior's weight, place new_whale by chance. On nyala,
# copies beside them raise LightGBM's MAP@5 by .043 at 2, .018 at 8, .008 at 15 (blend_sizes)
ENOUGH_NEW = 20


def count_known(held_out: FoldEvidence) -> int:
    """How many queries have their individual among the candidates."""
    return len(_list_known(held_out))


def has_known(held_out: FoldEvidence, chosen: np.ndarray | None = None) -> bool:
    """Whether known queries of enough individuals have their individual among the candidates.

    chosen : q bool, of the queries that count; all unless given
    """
    known = _list_known(held_out)
    if chosen is not None:
        known = known[chosen[known]]
    return held_out.queries["cluster"].iloc[known].nunique() >= MIN_INDIVIDUALS


def _list_known(held_out: FoldEvidence) -> np.ndarray:
    return np.unique(held_out.query[_is_truth(held_out)])


def add_new_queries(held_out: FoldEvidence) -> FoldEvidence:
    """The queries, and if too few are new, each known one again as a new one.

    A copy lacks the candidate that is its truth, and the known one lacks another: trees would tell
    them apart by the number of candidates. `held_out` itself if it has ENOUGH_NEW new individuals.
    """
    if count_individuals(held_out.queries).new >= ENOUGH_NEW:
        return held_out
    known = held_out.select((held_out.queries["kind"] == KNOWN).to_numpy())
    new = held_out.select((held_out.queries["kind"] != KNOWN).to_numpy())
    truth = _is_truth(known)
    named = replace(known, queries=known.queries.assign(kind=UNSEEN, truth=NEW_WHALE))
    return stack_folds([new, _drop(known, _is_last_other(known, truth)), _drop(named, truth)])


def _is_last_other(known: FoldEvidence, truth: np.ndarray) -> np.ndarray:
    """n bool: of each query the last candidate, by name, that is not its truth."""
    rows = np.flatnonzero(~truth)
    last = rows[np.append(np.diff(known.query[rows]) > 0, True)] if len(rows) else rows
    return np.isin(np.arange(len(truth)), last)


def _drop(evidence: FoldEvidence, dropped: np.ndarray) -> FoldEvidence:
    """The evidence without some candidates (n bool)."""
    kept = ~dropped
    return replace(
        evidence,
        query=evidence.query[kept],
        identity=evidence.identity[kept],
        scores=evidence.scores[kept].reset_index(drop=True),
    )


def _is_truth(evidence: FoldEvidence) -> np.ndarray:
    """n bool: candidates that are their query's individual."""
    return evidence.identity == evidence.queries["truth"].to_numpy()[evidence.query]
