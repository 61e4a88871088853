"""Fit a recipe on held-out queries and give every query's candidates log-odds against new_whale.

Held-out queries are scored by fits that never saw them. Test queries are scored once per fold, by
the evidence of the fold's members and the fit on all held-out queries; only posteriors are averaged
over folds, later, in `submission`.
"""

import logging

import pandas as pd

from pipeline.data.gallery import TEST
from pipeline.data.tables import NEW_WHALE, is_pseudo
from pipeline.steps.ensemble.assemble import FoldEvidence, select_tests, stack_held_out
from pipeline.steps.ensemble.blend import COLUMNS, Blend

logger = logging.getLogger(__name__)

CERTAIN = 20.0  # log-odds of an answer taken from a duplicate of the photograph
ORDER = 5.0  # the other candidates stay below it, and keep their order up to these log-odds
FALLBACKS = {  # what takes the place of the recipe's method, and why
    "prior": "too few individuals are known (two in each fit of the cross-fitting are needed), so "
    "nothing is learned: the mean score ranks the candidates, and the prior places new_whale",
    "weighted": "too few held-out photographs show a known individual for LightGBM: the scores are "
    "weighted (method: weighted)",
}


def score_queries(
    folds: list[FoldEvidence], blend: Blend, duplicates: pd.DataFrame
) -> pd.DataFrame:
    """Columns COLUMNS, one row per (query, fold, candidate): its log-odds against new_whale.

    folds : each fold's evidence, held-out and test queries together
    duplicates : test photographs that are duplicates of a labelled one (`label_duplicates`); those
        that reviewers have named are their own, and get that name by any recipe
    """
    held_out = stack_held_out(folds)
    method = blend.choose_method(held_out)
    if method != blend.recipe.method:
        logger.warning(FALLBACKS[method])
    fitted = blend.fit(held_out, method)
    tables = [blend.cross_fit(held_out, method), fitted.log_odds(select_tests(folds))]
    table = add_missing_queries(pd.concat(tables, ignore_index=True), folds)
    if not blend.recipe.duplicates:
        duplicates = duplicates[duplicates["image"] == duplicates["duplicate_of"]]
    return copy_labels(table, duplicates)


def score_test_without_fold(
    folds: list[FoldEvidence], tests: list[FoldEvidence], blend: Blend
) -> pd.DataFrame:
    """Score the test alone, each fold's rows by the fit on the other folds' held-out queries.

    For pseudo-labels: member f will train on the labels of its fold's rows, so those must not
    depend on the truth of fold f's photographs. That holds for the blend; it is the caller's part
    that `tests`, the test's evidence of each fold, does not: no photograph of the fold is in the
    gallery, and nothing is fitted on one. Raises ValueError for a single fold, which has no others.
    """
    if len(folds) < 2:
        raise ValueError(
            "pseudo-labels need two trained folds or more: each is fitted on the others"
        )
    scored = []
    method = blend.choose_method(stack_held_out(folds))
    for test in tests:
        others = stack_held_out([other for other in folds if other.fold != test.fold])
        scored.append(blend.fit(others, method).log_odds([test]))
    return pd.concat(scored, ignore_index=True)


def add_missing_queries(table: pd.DataFrame, folds: list[FoldEvidence]) -> pd.DataFrame:
    """Add queries without any candidate: one candidate with log-odds -CERTAIN.

    Such a query (its viewpoint is on no photograph of a gallery) is almost certainly new. A fold
    without candidates is ignored if another fold has some.
    """
    queries = pd.concat([fold.queries.assign(fold=fold.fold) for fold in folds])
    queries = queries.drop_duplicates("image")
    missing = queries[~queries["image"].isin(table["query"])]
    rows = missing[["image", "fold"]].rename(columns={"image": "query"})
    rows = rows.assign(
        test=missing["kind"] == TEST, identity=table["identity"].iloc[0], log_odds=-CERTAIN
    )
    return pd.concat([table, rows], ignore_index=True) if len(rows) else table


def label_duplicates(duplicates: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Give duplicates (table "duplicates") the final label in "folds"; drop those without one."""
    labels = folds[~is_pseudo(folds)].set_index("image")["identity"]
    labelled = duplicates.assign(identity=duplicates["duplicate_of"].map(labels))
    return labelled[labelled["identity"].notna()]


def copy_labels(table: pd.DataFrame, duplicates: pd.DataFrame) -> pd.DataFrame:
    """Give a test photograph the label of its labelled duplicate, in every fold."""
    label = duplicates.drop_duplicates("image").set_index("image")["identity"]
    copied_label = table["query"].map(label)
    copied = table["test"] & copied_label.notna()
    right = copied & (table["identity"] == copied_label)
    log_odds = table["log_odds"].mask(copied, table["log_odds"].clip(-ORDER, ORDER) - CERTAIN)
    log_odds = log_odds.mask(right, CERTAIN)
    missing = _build_missing_rows(table[copied], label)
    return pd.concat([table.assign(log_odds=log_odds), missing], ignore_index=True)[COLUMNS]


def _build_missing_rows(copied: pd.DataFrame, label: pd.Series) -> pd.DataFrame:
    """Rows for the copied label if it is not among a fold's candidates."""
    if copied.empty:
        return copied
    rows = copied[["query", "fold", "test"]].drop_duplicates()
    rows = rows.assign(identity=rows["query"].map(label), log_odds=CERTAIN)
    present = pd.MultiIndex.from_frame(copied[["query", "fold", "identity"]])
    missing = ~pd.MultiIndex.from_frame(rows[["query", "fold", "identity"]]).isin(present)
    return rows[missing & (rows["identity"] != NEW_WHALE).to_numpy()]
