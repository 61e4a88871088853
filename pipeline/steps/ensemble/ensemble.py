"""Fit a recipe on held-out queries and give every query its candidates' log-odds against new_whale.

Held-out queries are scored by fits that never saw them, fold by fold against their own member's
gallery. Test queries are scored once for every fold, each time against that fold's gallery, by the
fit on all held-out queries; only posteriors are averaged over folds, later, in `submission`.
"""

import numpy as np
import pandas as pd

from pipeline.data.gallery import TEST
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import protocol
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.params import Ensemble, EnsembleStage, Evaluation
from pipeline.steps.ensemble.assemble import FoldEvidence, stacked
from pipeline.steps.ensemble.blending import Mean, Weighted
from pipeline.steps.ensemble.boosting import Booster
from pipeline.steps.ensemble.pairs import Calibrated

CERTAIN = 20.0  # log-odds of an answer taken from a copy of the photograph

COLUMNS = ["query", "fold", "test", "identity", "log_odds"]


def answer(
    parts: list[FoldEvidence],
    recipe: Ensemble,
    shared: EnsembleStage,
    evaluated: Evaluation,
    twins: pd.DataFrame,
) -> pd.DataFrame:
    """One row a (query, fold, candidate): its log-odds against new_whale (0 is as likely).

    Parameters
    ----------
    parts : each fold's evidence, held-out and test queries together
    twins : test photographs that copy a labelled one (table "duplicates", by `labelled_twins`)
    """
    held = held_out(parts)
    tests = [part.only((part.queries["kind"] == TEST).to_numpy()) for part in parts]
    answers = [
        _cross_fitted(held, recipe, shared, evaluated),
        later(held, tests, recipe, shared, evaluated),
    ]
    table = with_silent(pd.concat(answers, ignore_index=True), parts)
    return with_twins(table, twins) if recipe.duplicates else table


def later(
    held: FoldEvidence,
    parts: list[FoldEvidence],
    recipe: Ensemble,
    shared: EnsembleStage,
    evaluated: Evaluation,
) -> pd.DataFrame:
    """The rows of queries that the fit on `held` never saw, fold by fold."""
    fitted = _fitted(held, recipe, shared, evaluated)
    answers = [_table(part, fitted.log_odds(part), part.fold) for part in parts]
    return pd.concat(answers, ignore_index=True)


def blind_answers(
    parts: list[FoldEvidence], recipe: Ensemble, shared: EnsembleStage, evaluated: Evaluation
) -> pd.DataFrame:
    """The test's rows alone, each fold's scored by the fit on the other folds' held-out queries.

    For pseudo-labels: member f will train on what its fold's rows say, so they must not know whom
    the photographs of fold f show. That holds for the blend; evidence that was itself fitted on
    them is the caller's to leave out. Raises ValueError for a single fold, which has no others.
    """
    if len(parts) < 2:
        raise ValueError(
            "pseudo-labels need two trained folds or more: each is fitted on the others"
        )
    answers = []
    for part in parts:
        others = held_out([other for other in parts if other.fold != part.fold])
        test = part.only((part.queries["kind"] == TEST).to_numpy())
        answers.append(later(others, [test], recipe, shared, evaluated))
    return pd.concat(answers, ignore_index=True)


def held_out(parts: list[FoldEvidence]) -> FoldEvidence:
    """The held-out queries of all folds, as one."""
    return stacked([part.only((part.queries["kind"] != TEST).to_numpy()) for part in parts])


def _fitted(
    held: FoldEvidence, recipe: Ensemble, shared: EnsembleStage, evaluated: Evaluation
) -> Mean | Weighted | Booster | Calibrated:
    """The recipe's blend, fitted on these queries, new ones weighted to the prior."""
    blends = {
        "mean": Mean(recipe.weights()),
        "weighted": Weighted(),
        "lightgbm": Booster(shared.boosting, evaluated.seed),
    }
    weights = protocol.query_weights(held.queries["kind"], evaluated.new_whale_prior)
    blend = blends[recipe.method]
    if shared.calibration != "none":
        blend = Calibrated(blend, shared.calibration)
    return blend.fit(held, weights)


def _cross_fitted(
    held: FoldEvidence, recipe: Ensemble, shared: EnsembleStage, evaluated: Evaluation
) -> pd.DataFrame:
    """Held-out queries, each scored by a fit on the parts that hold no copy of it."""
    log_odds = np.full(len(held.query), np.nan)
    for fit, score in CrossFit(held.queries["group"], evaluated.crossfit, evaluated.seed):
        fitted = _fitted(held.only(fit), recipe, shared, evaluated)
        log_odds[score[held.query]] = fitted.log_odds(held.only(score))
    return _table(held, log_odds, held.queries["fold"].to_numpy())


def _table(evidence: FoldEvidence, log_odds: np.ndarray, fold: int | np.ndarray) -> pd.DataFrame:
    """The answers as a table; `fold` is one for all queries, or one a query."""
    query = evidence.query
    columns = {
        "query": evidence.queries["image"].to_numpy()[query],
        "fold": np.broadcast_to(fold, len(evidence.queries))[query],
        "test": evidence.queries["kind"].to_numpy()[query] == TEST,
        "identity": evidence.identity,
        "log_odds": log_odds,
    }
    return pd.DataFrame(columns)


def with_silent(table: pd.DataFrame, parts: list[FoldEvidence]) -> pd.DataFrame:
    """Queries of which no fold says anything (their side of the animal is on no photograph of a
    gallery) are all but surely new; some candidate has to say so. A fold that is silent on a query
    of which others speak has no voice.
    """
    asked = pd.concat([part.queries.assign(fold=part.fold) for part in parts])
    asked = asked.drop_duplicates("image")
    silent = asked[~asked["image"].isin(table["query"])]
    rows = silent[["image", "fold"]].rename(columns={"image": "query"})
    rows = rows.assign(
        test=silent["kind"] == TEST, identity=table["identity"].iloc[0], log_odds=-CERTAIN
    )
    return pd.concat([table, rows], ignore_index=True) if len(rows) else table


def labelled_twins(twins: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """The twins with the label that was kept; without those whose label was dropped."""
    kept = folds[folds["only_fold"] == ""].set_index("image")["identity"]
    named = twins.assign(identity=twins["duplicate_of"].map(kept))
    return named[named["identity"].notna()]


def with_twins(table: pd.DataFrame, twins: pd.DataFrame) -> pd.DataFrame:
    """A test photograph that copies a labelled one takes its label, in every fold."""
    label = twins.drop_duplicates("image").set_index("image")["identity"]
    own = table["query"].map(label)
    copied = table["test"] & own.notna()
    right = copied & (table["identity"] == own)
    log_odds = table["log_odds"].mask(copied, -CERTAIN + table["log_odds"].clip(-5, 5))
    log_odds = log_odds.mask(right, CERTAIN)
    missing = _missing_answers(table[copied], label)
    return pd.concat([table.assign(log_odds=log_odds), missing], ignore_index=True)[COLUMNS]


def _missing_answers(copied: pd.DataFrame, label: pd.Series) -> pd.DataFrame:
    """Rows for the right identity where a fold's candidates lack it."""
    if copied.empty:
        return copied
    asked = copied[["query", "fold", "test"]].drop_duplicates()
    asked = asked.assign(identity=asked["query"].map(label), log_odds=CERTAIN)
    present = pd.MultiIndex.from_frame(copied[["query", "fold", "identity"]])
    lacking = ~pd.MultiIndex.from_frame(asked[["query", "fold", "identity"]]).isin(present)
    return asked[lacking & (asked["identity"] != NEW_WHALE).to_numpy()]
