"""Log-odds of every query: cross-fitted if held out, once per fold in the test; duplicates."""

from dataclasses import replace

import pandas as pd
import pytest

from pipeline import params
from pipeline.data.gallery import TEST
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.steps.ensemble import ensemble
from pipeline.steps.ensemble.assemble import FoldEvidence, select_tests
from pipeline.steps.ensemble.blend import COLUMNS, Blend
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble.synthetic import (
    CANDIDATES,
    HELD_OUT,
    NAMES,
    TESTED,
    build_fold,
    build_queries,
)

P = params.load(ROOT / "tests/params.yaml")
RECIPE = P.ensembles["card"].model_copy(update={"backbones": {"one": 1.0, "two": 1.0}})
SETTINGS = P.ensemble.model_copy(
    update={"boosting": P.ensemble.boosting.model_copy(update={"rounds": 20})}
)
NO_DUPLICATES = pd.DataFrame(columns=["image", "duplicate_of", "identity"])
METHODS = ["mean", "weighted", "lightgbm"]


def build_blend(method: str = "mean", calibration: str = "none", duplicates: bool = True) -> Blend:
    recipe = RECIPE.model_copy(update={"method": method, "duplicates": duplicates})
    settings = SETTINGS.model_copy(update={"calibration": calibration})
    return Blend(recipe, settings, P.evaluation, [])


def score(folds: list[FoldEvidence], method: str = "mean", calibration="none") -> pd.DataFrame:
    return ensemble.score_queries(folds, build_blend(method, calibration), NO_DUPLICATES)


def score_with(folds: list[FoldEvidence], image: str, label: str) -> pd.DataFrame:
    """The table if `image` is a duplicate of a photograph with this label."""
    duplicates = pd.DataFrame([[image, "g0", label]], columns=NO_DUPLICATES.columns)
    return ensemble.score_queries(folds, build_blend(), duplicates)


@pytest.fixture
def folds() -> list[FoldEvidence]:
    return [build_fold(0), build_fold(1)]


@pytest.mark.parametrize("method", METHODS)
def test_held_out_queries_are_scored_once_and_test_queries_once_per_fold(folds, method):
    table = score(folds, method)
    assert table.columns.tolist() == COLUMNS
    assert not table["log_odds"].isna().any()
    candidates = table.groupby(["query", "fold", "test"]).size()
    assert (candidates == CANDIDATES).all()
    queries = candidates.reset_index().groupby("test")["query"]
    assert queries.count().to_dict() == {False: 2 * HELD_OUT, True: 2 * TESTED}
    assert queries.nunique().to_dict() == {False: 2 * HELD_OUT, True: TESTED}
    held_out = table[~table["test"]]
    assert (held_out["query"].str[1] == held_out["fold"].astype(str)).all()


def drop_candidates(fold: FoldEvidence, images: list[str]) -> FoldEvidence:
    """The same queries, some of them without any candidate."""
    rows = ~fold.queries["image"].isin(images).to_numpy()[fold.query]
    return replace(
        fold,
        query=fold.query[rows],
        identity=fold.identity[rows],
        scores=fold.scores[rows].reset_index(drop=True),
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_query_without_candidates_is_new(folds, method):
    """A held-out query, and one of the test."""
    images = ["q0_3", folds[0].queries["image"].iloc[-1]]
    assert folds[0].queries.set_index("image").loc[images, "kind"].tolist()[1] == TEST
    table = score([drop_candidates(fold, images) for fold in folds], method)
    rows = table[table["query"].isin(images)].set_index("query")
    assert sorted(rows.index) == sorted(images) and (rows["log_odds"] == -ensemble.CERTAIN).all()
    assert rows["test"].to_dict() == {images[0]: False, images[1]: True}


def test_a_fold_without_candidates_is_ignored_if_another_has_some(folds):
    image = folds[0].queries["image"].iloc[-1]
    table = score([drop_candidates(folds[0], [image]), folds[1]])
    assert set(table.loc[table["query"] == image, "fold"]) == {1}


def test_a_test_without_any_candidate_is_new(folds):
    images = folds[0].queries.loc[folds[0].queries["kind"] == TEST, "image"].tolist()
    table = score([drop_candidates(fold, images) for fold in folds])
    rows = table[table["test"]]
    assert sorted(rows["query"]) == sorted(images)
    assert (rows["log_odds"] == -ensemble.CERTAIN).all()


def test_the_truth_mostly_has_the_highest_log_odds(folds):
    table = score(folds, "weighted")
    truth = {
        image: label
        for fold in folds
        for image, label in fold.queries[["image", "truth"]].itertuples(index=False)
    }
    first = table[~table["test"]].sort_values("log_odds").drop_duplicates("query", keep="last")
    known = first[first["query"].map(truth) != NEW_WHALE]
    assert (known["identity"] == known["query"].map(truth)).mean() > 0.7


@pytest.mark.parametrize("calibration", ["none", "isotonic"])
@pytest.mark.parametrize("method", METHODS)
def test_the_truth_of_a_query_never_reaches_its_log_odds(folds, method, calibration):
    """The truths of a part are exchanged, known against new too: its log-odds stay to the bit."""
    queries = pd.concat([fold.queries for fold in folds])
    queries = queries[queries["kind"] != TEST]
    part = CrossFit(queries["group"], P.evaluation.crossfit, P.evaluation.seed).part
    before = score(folds, method, calibration)
    for number in (0, 3):
        images = set(queries["image"][part == number])
        changed = [replace(fold, queries=exchange_truths(fold.queries, images)) for fold in folds]
        after = score(changed, method, calibration)
        rows = before["query"].isin(images)
        assert before[rows].equals(after[rows])
        assert not before[~rows].equals(after[~rows])


def exchange_truths(queries: pd.DataFrame, images: set[str]) -> pd.DataFrame:
    rows = queries["image"].isin(images)
    truth = queries["truth"].mask(rows, queries["truth"].map(exchange_truth))
    return build_queries(int(queries["fold"].max()), truth.to_numpy(dtype=object))


def exchange_truth(name: str) -> str:
    return NEW_WHALE if name in NAMES[:5] else NAMES[7]


def test_duplicates_of_a_photograph_share_a_part(folds):
    groups = folds[0].queries["group"][:HELD_OUT]
    part = CrossFit(groups, P.evaluation.crossfit, P.evaluation.seed).part
    assert (part[0::2] == part[1::2]).all()


def test_a_duplicate_of_a_labelled_photograph_takes_its_label(folds):
    image, candidate = f"t{HELD_OUT}", folds[0].identity[folds[0].query == HELD_OUT][2]
    table = score_with(folds, image, candidate)
    rows = table["query"] == image
    for _, fold in table[rows].groupby("fold"):
        log_odds = fold.set_index("identity")["log_odds"]
        assert log_odds.idxmax() == candidate and log_odds.max() == ensemble.CERTAIN
        assert log_odds.drop(candidate).max() < -10
    plain = score(folds)
    others = table[~rows].reset_index(drop=True)
    assert others.equals(plain[plain["query"] != image].reset_index(drop=True))


def test_a_named_photograph_takes_its_name_by_any_recipe(folds):
    named, copy = f"t{HELD_OUT}", f"t{HELD_OUT + 1}"
    rows = [[named, named, "Anna"], [copy, "g0", "w"]]
    duplicates = pd.DataFrame(rows, columns=NO_DUPLICATES.columns)
    table = ensemble.score_queries(folds, build_blend(duplicates=False), duplicates)
    first = table[table["log_odds"] == ensemble.CERTAIN]
    assert set(zip(first["query"], first["identity"], strict=True)) == {(named, "Anna")}


def test_the_label_of_a_duplicate_is_added_if_it_is_no_candidate(folds):
    table = score_with(folds, f"t{HELD_OUT}", "another")
    rows = table[(table["query"] == f"t{HELD_OUT}") & (table["identity"] == "another")]
    assert rows["fold"].tolist() == [0, 1]
    assert rows["log_odds"].tolist() == [ensemble.CERTAIN] * 2
    assert rows["test"].dtype == bool


def test_a_duplicate_of_a_new_whale_is_new(folds):
    rows = score_with(folds, f"t{HELD_OUT}", NEW_WHALE).query(f"query == 't{HELD_OUT}'")
    assert (rows["log_odds"] < -10).all() and NEW_WHALE not in set(rows["identity"])


def test_duplicates_are_ignored_if_the_recipe_does_not_use_them(folds):
    duplicates = pd.DataFrame([[f"t{HELD_OUT}", "g0", "another"]], columns=NO_DUPLICATES.columns)
    table = ensemble.score_queries(folds, build_blend(duplicates=False), duplicates)
    assert table.equals(score(folds))


def test_a_duplicate_has_the_final_label():
    """x's label was settled as b, y's was dropped; a pseudo-label is no final label."""
    duplicates = pd.DataFrame(
        [["t1", "x", "a"], ["t2", "y", "a"], ["t3", "z", "a"]], columns=NO_DUPLICATES.columns
    )
    folds = pd.DataFrame(
        {"image": ["x", "z", "t1"], "identity": ["b", "a", "c"], "only_fold": ["", "", "0"]}
    )
    labelled = ensemble.label_duplicates(duplicates, folds)
    assert labelled[["image", "identity"]].values.tolist() == [["t1", "b"], ["t3", "a"]]


def test_a_single_fold(folds):
    table = score(folds[:1])
    assert set(table["fold"]) == {0}
    assert len(table) == CANDIDATES * (HELD_OUT + TESTED)


@pytest.mark.parametrize("method", METHODS)
def test_test_scores_without_fold_never_see_the_truths_of_that_fold(method):
    """The truths of fold 0 are exchanged: its rows stay, those of other folds change."""
    folds = [build_fold(0), build_fold(1), build_fold(2)]
    truth, held_out = folds[0].queries["truth"], ~folds[0].is_test
    queries = folds[0].queries.assign(truth=truth.where(~held_out, truth.iloc[::-1].values))
    changed = [replace(folds[0], queries=queries), *folds[1:]]
    before, after = (
        ensemble.score_test_without_fold(evidence, select_tests(folds), build_blend(method))
        for evidence in (folds, changed)
    )
    assert before["test"].all() and before.groupby("fold")["query"].nunique().eq(TESTED).all()
    rows = before["fold"] == 0
    assert before[rows].equals(after[rows])
    if method != "mean":  # its weights are given
        assert not before[~rows].equals(after[~rows])


def test_a_single_fold_cannot_be_left_out():
    with pytest.raises(ValueError, match="two trained folds or more"):
        ensemble.score_test_without_fold([build_fold(0)], [], build_blend())
