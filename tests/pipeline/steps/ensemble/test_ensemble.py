"""Every query's answers: nobody is scored by a fit on itself; copies; the test once a fold."""

from dataclasses import replace

import pandas as pd
import pytest

from pipeline import params
from pipeline.data.gallery import TEST
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import protocol
from pipeline.steps.ensemble import assemble, ensemble
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble.synthetic import (
    CANDIDATES,
    HELD,
    NAMES,
    TESTED,
    fold_of,
    queries,
)

P = params.load(ROOT / "tests/params.yaml")
RECIPE = P.ensembles["card"].model_copy(update={"backbones": {"one": 1.0, "two": 1.0}})
SHARED = P.ensemble.model_copy(
    update={"boosting": P.ensemble.boosting.model_copy(update={"rounds": 20})}
)
NO_TWINS = pd.DataFrame(columns=["image", "duplicate_of", "identity"])
METHODS = ["mean", "weighted", "lightgbm"]


def answer(
    parts: list[assemble.FoldEvidence],
    method: str = "mean",
    twins: pd.DataFrame = NO_TWINS,
    use_twins: bool = True,
    calibration: str = "none",
) -> pd.DataFrame:
    recipe = RECIPE.model_copy(update={"method": method, "duplicates": use_twins})
    shared = SHARED.model_copy(update={"calibration": calibration})
    return ensemble.answer(parts, recipe, shared, P.evaluation, twins)


@pytest.fixture
def parts() -> list[assemble.FoldEvidence]:
    return [fold_of(0), fold_of(1)]


@pytest.mark.parametrize("method", METHODS)
def test_held_out_queries_are_answered_once_and_the_tests_once_a_fold(parts, method):
    table = answer(parts, method)
    assert table.columns.tolist() == ensemble.COLUMNS
    assert not table["log_odds"].isna().any()
    each = table.groupby(["query", "fold", "test"]).size()
    assert (each == CANDIDATES).all()
    asked = each.reset_index().groupby("test")["query"]
    assert asked.count().to_dict() == {False: 2 * HELD, True: 2 * TESTED}
    assert asked.nunique().to_dict() == {False: 2 * HELD, True: TESTED}
    held = table[~table["test"]]
    assert (held["query"].str[1] == held["fold"].astype(str)).all()


def without(part: assemble.FoldEvidence, quiet: list[str]) -> assemble.FoldEvidence:
    """The same queries, of some of which nothing is said."""
    rows = ~part.queries["image"].isin(quiet).to_numpy()[part.query]
    return replace(
        part,
        query=part.query[rows],
        identity=part.identity[rows],
        scores=part.scores[rows].reset_index(drop=True),
        sizes=part.sizes[rows],
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_query_of_which_nobody_speaks_is_new(parts, method):
    """A held-out one, and one of the test."""
    quiet = ["q0_3", parts[0].queries["image"].iloc[-1]]
    assert parts[0].queries.set_index("image").loc[quiet, "kind"].tolist()[1] == TEST
    table = answer([without(part, quiet) for part in parts], method)
    own = table[table["query"].isin(quiet)].set_index("query")
    assert sorted(own.index) == sorted(quiet) and (own["log_odds"] == -ensemble.CERTAIN).all()
    assert own["test"].to_dict() == {quiet[0]: False, quiet[1]: True}


def test_a_fold_that_is_silent_leaves_the_word_to_the_others(parts):
    quiet = parts[0].queries["image"].iloc[-1]
    table = answer([without(parts[0], [quiet]), parts[1]])
    assert set(table.loc[table["query"] == quiet, "fold"]) == {1}


def test_a_test_of_which_nobody_speaks_is_new(parts):
    images = parts[0].queries.loc[parts[0].queries["kind"] == TEST, "image"].tolist()
    table = answer([without(part, images) for part in parts])
    own = table[table["test"]]
    assert sorted(own["query"]) == sorted(images)
    assert (own["log_odds"] == -ensemble.CERTAIN).all()


def test_the_truth_is_mostly_found(parts):
    table = answer(parts, "weighted")
    truth = {
        image: own
        for part in parts
        for image, own in part.queries[["image", "truth"]].itertuples(index=False)
    }
    first = table[~table["test"]].sort_values("log_odds").drop_duplicates("query", keep="last")
    known = first[first["query"].map(truth) != NEW_WHALE]
    assert (known["identity"] == known["query"].map(truth)).mean() > 0.7


@pytest.mark.parametrize("calibration", ["none", "isotonic"])
@pytest.mark.parametrize("method", METHODS)
def test_a_querys_own_truth_never_reaches_its_log_odds(parts, method, calibration):
    """A part's truths are exchanged, known against new too; its own answers stay to the bit."""
    held = pd.concat([part.queries for part in parts])
    held = held[held["kind"] != TEST]
    evaluated = P.evaluation
    part_of = protocol.crossfit_parts(held["group"], evaluated.crossfit, evaluated.seed)
    right = answer(parts, method, calibration=calibration)
    for one in (0, 3):
        own = set(held["image"][part_of == one])
        turned = [replace(part, queries=with_other_truths(part.queries, own)) for part in parts]
        wrong = answer(turned, method, calibration=calibration)
        mine = right["query"].isin(own)
        assert right[mine].equals(wrong[mine])
        assert not right[~mine].equals(wrong[~mine])


def with_other_truths(asked: pd.DataFrame, chosen: set[str]) -> pd.DataFrame:
    own = asked["image"].isin(chosen)
    truth = asked["truth"].mask(own, asked["truth"].map(other_than))
    fold = int(asked["fold"].max())
    return queries(fold, truth.to_numpy(dtype=object))


def other_than(name: str) -> str:
    return NEW_WHALE if name in NAMES[:5] else NAMES[7]


def test_copies_of_a_photograph_share_a_part(parts):
    held = parts[0].queries[:HELD]
    part = protocol.crossfit_parts(held["group"], P.evaluation.crossfit, P.evaluation.seed)
    assert (part[0::2] == part[1::2]).all()


def test_a_copy_of_a_labelled_photograph_takes_its_label(parts):
    candidate = parts[0].identity[parts[0].query == HELD][2]
    twins = pd.DataFrame([[f"t{HELD}", "g0", candidate]], columns=NO_TWINS.columns)
    table = answer(parts, twins=twins)
    own = table[table["query"] == f"t{HELD}"]
    for _, fold in own.groupby("fold"):
        best = fold.set_index("identity")["log_odds"]
        assert best.idxmax() == candidate and best.max() == ensemble.CERTAIN
        assert best.drop(candidate).max() < -10
    plain = answer(parts)
    others = table["query"] != f"t{HELD}"
    assert (
        table[others]
        .reset_index(drop=True)
        .equals(plain[plain["query"] != f"t{HELD}"].reset_index(drop=True))
    )


def test_a_copys_label_is_added_where_no_member_proposed_it(parts):
    twins = pd.DataFrame([[f"t{HELD}", "g0", "stranger"]], columns=NO_TWINS.columns)
    table = answer(parts, twins=twins)
    own = table[(table["query"] == f"t{HELD}") & (table["identity"] == "stranger")]
    assert own["fold"].tolist() == [0, 1]
    assert own["log_odds"].tolist() == [ensemble.CERTAIN] * 2
    assert own["test"].dtype == bool


def test_a_copy_of_a_new_whale_is_new(parts):
    twins = pd.DataFrame([[f"t{HELD}", "g0", NEW_WHALE]], columns=NO_TWINS.columns)
    own = answer(parts, twins=twins).query(f"query == 't{HELD}'")
    assert (own["log_odds"] < -10).all() and NEW_WHALE not in set(own["identity"])


def test_copies_are_ignored_where_the_recipe_says_so(parts):
    twins = pd.DataFrame([[f"t{HELD}", "g0", "stranger"]], columns=NO_TWINS.columns)
    assert answer(parts, twins=twins, use_twins=False).equals(answer(parts))


def test_a_copy_has_the_label_that_was_kept():
    """x's label was settled as b, y's was dropped; a pseudo-label is no label of a twin."""
    twins = pd.DataFrame(
        [["t1", "x", "a"], ["t2", "y", "a"], ["t3", "z", "a"]], columns=NO_TWINS.columns
    )
    folds = pd.DataFrame(
        {"image": ["x", "z", "t1"], "identity": ["b", "a", "c"], "only_fold": ["", "", "0"]}
    )
    kept = ensemble.labelled_twins(twins, folds)
    assert kept[["image", "identity"]].values.tolist() == [["t1", "b"], ["t3", "a"]]


def test_one_fold_alone(parts):
    table = answer(parts[:1])
    assert set(table["fold"]) == {0}
    assert len(table) == CANDIDATES * (HELD + TESTED)


@pytest.mark.parametrize("method", METHODS)
def test_blind_answers_know_nothing_of_their_own_folds_truths(method):
    """Fold 0's truths are exchanged: what its rows say of the test stays, the others' changes."""
    parts = [fold_of(0), fold_of(1), fold_of(2)]
    recipe = RECIPE.model_copy(update={"method": method})
    queries = parts[0].queries
    held = (queries["kind"] != TEST).to_numpy()
    changed = queries.assign(
        truth=queries["truth"].where(~held, queries["truth"].iloc[::-1].values)
    )
    other = [replace(parts[0], queries=changed), *parts[1:]]
    before, after = (
        ensemble.blind_answers(given, recipe, SHARED, P.evaluation) for given in (parts, other)
    )
    assert before["test"].all() and before.groupby("fold")["query"].nunique().eq(TESTED).all()
    own = before["fold"] == 0
    assert before[own].equals(after[own])
    if method != "mean":  # which learns nothing
        assert not before[~own].equals(after[~own])


def test_a_single_fold_has_no_others_to_be_fitted_on():
    with pytest.raises(ValueError, match="two trained folds or more"):
        ensemble.blind_answers([fold_of(0)], RECIPE, SHARED, P.evaluation)
