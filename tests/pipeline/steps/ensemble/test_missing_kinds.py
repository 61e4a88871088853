"""Fits without known or without new queries: new_whale is placed by the prior, never nowhere."""

import numpy as np
import pytest

from pipeline.data.gallery import KNOWN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import protocol
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.steps.ensemble import ensemble, missing_kinds
from pipeline.steps.ensemble.assemble import FoldEvidence, select_tests, stack_held_out
from pipeline.steps.ensemble.blend import Blend
from pipeline.steps.ensemble.boosting import BoostedBlend
from pipeline.steps.ensemble.diagrams import build_pair_diagrams
from pipeline.steps.ensemble.linear_blends import WeightedBlend
from pipeline.steps.ensemble.prior_blend import PriorBlend
from pipeline.steps.ensemble.source_probabilities import compute_source_probabilities
from tests.pipeline.steps.ensemble.synthetic import TESTED, build_fold
from tests.pipeline.steps.ensemble.test_ensemble import NO_DUPLICATES, RECIPE, SETTINGS, P

EVALUATION = P.evaluation
METHODS = ["mean", "weighted", "lightgbm"]
CALIBRATIONS = ["none", "logistic", "isotonic"]


def keep(fold: FoldEvidence, kind: str) -> FoldEvidence:
    """The fold's test queries, and of the held-out ones those of one kind."""
    known = (fold.queries["kind"] == KNOWN).to_numpy()
    return fold.select(fold.is_test | (known if kind == "known" else ~known))


def build_blend(folds: list[FoldEvidence], method: str, calibration: str = "none") -> Blend:
    recipe = RECIPE.model_copy(update={"method": method})
    settings = SETTINGS.model_copy(update={"calibration": calibration})
    return Blend(recipe, settings, EVALUATION, select_tests(folds))


def best_log_odds(table) -> np.ndarray:
    return table.groupby(["query", "fold"])["log_odds"].max().to_numpy()


@pytest.mark.fault(
    "evaluation",
    "an ensemble is fitted on known queries alone",
    "new individuals are called new about as often as by a fit that has seen some",
)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_new_whale_has_a_place_without_new_queries(method, calibration):
    """New and known queries of another fold: most get the right side of 0."""
    folds = [keep(build_fold(fold), "known") for fold in (0, 1, 2)]
    blend = build_blend(folds, method, calibration).fit(stack_held_out(folds))
    other = stack_held_out([build_fold(fold) for fold in (3, 4, 5)])
    table = blend.log_odds([other])
    called_new = table.groupby("query")["log_odds"].max() < 0
    queries = other.queries.set_index("image")
    new = (queries["truth"] == NEW_WHALE)[called_new.index]
    assert 0.4 < called_new[new].mean() <= 1
    assert called_new[~new].mean() < 0.4


@pytest.mark.fault(
    "evaluation",
    "an ensemble is fitted on new queries alone",
    "the prior's fraction of the test is called new, not all of it",
)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_the_prior_places_new_whale_without_known_queries(method, calibration):
    folds = [keep(build_fold(fold), "new") for fold in (0, 1, 2)]
    table = ensemble.score_queries(folds, build_blend(folds, method, calibration), NO_DUPLICATES)
    called_new = best_log_odds(table[table["test"]]) < 0
    assert len(called_new) == 3 * TESTED
    assert called_new.mean() == pytest.approx(EVALUATION.new_whale_prior, abs=1 / len(called_new))
    assert np.isfinite(table["log_odds"]).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_a_part_of_the_cross_fit_may_lack_a_kind(method, calibration):
    """The only two new (or known) individuals: the fit without one of them has a single one."""
    fold = build_fold(0)
    for kind in ("known", "new"):
        held_out, tests = fold.select(~fold.is_test), fold.select(fold.is_test)
        chosen = (held_out.queries["kind"] == KNOWN).to_numpy() == (kind == "known")
        clusters = held_out.queries["cluster"][chosen].unique()[2:]
        few = held_out.select(~held_out.queries["cluster"].isin(clusters).to_numpy())
        found = build_blend([tests], method, calibration)
        found.tests = [tests]
        assert np.isfinite(found.cross_fit(few)["log_odds"]).all()


def test_copies_of_known_queries_lack_their_own_individual():
    held_out = keep(build_fold(0), "known")
    held_out = held_out.select(~held_out.is_test)
    count = len(held_out.queries)
    both = missing_kinds.add_new_queries(held_out)
    assert both.queries["truth"].tolist()[count:] == [NEW_WHALE] * count
    copies = both.select(np.arange(2 * count) >= count)
    assert len(copies.query) == len(held_out.query) - count  # each has its truth as candidate
    assert len(both.query) == 2 * len(copies.query)
    truth = held_out.queries["truth"].to_numpy()
    assert not (copies.identity == truth[copies.query]).any()


def test_copies_stand_beside_new_queries_of_few_individuals():
    """A fold has five new individuals, four folds twenty: enough."""
    few, enough = (stack_held_out([build_fold(fold) for fold in range(n)]) for n in (3, 4))
    assert missing_kinds.add_new_queries(enough) is enough
    both = missing_kinds.add_new_queries(few)
    known = (few.queries["kind"] == KNOWN).sum()
    assert len(both.queries) == len(few.queries) + known
    assert (both.queries["truth"] == NEW_WHALE).sum() == len(few.queries)


def test_each_part_of_a_cross_fit_has_copies_or_none():
    """Twenty new individuals: a fit without a part has fewer, but was not to get copies."""
    held_out = stack_held_out([build_fold(fold) for fold in range(4)])
    blend = build_blend([build_fold(0)], "weighted")
    parts = CrossFit(held_out.queries["group"], EVALUATION.crossfit, EVALUATION.seed)
    fit, score = next(iter(parts))
    weights = protocol.query_weights(held_out.queries["kind"][fit], EVALUATION.new_whale_prior)
    model = WeightedBlend().fit(held_out.select(fit), weights)
    expected = model.log_odds(held_out.select(score))
    assert np.array_equal(blend.cross_fit(held_out)["log_odds"][score[held_out.query]], expected)


def leave_known(held_out: FoldEvidence, individuals: int) -> FoldEvidence:
    """The new queries, and a known one of each of so many individuals."""
    known = (held_out.queries["kind"] == KNOWN).to_numpy()
    first = known & ~held_out.queries["cluster"].duplicated().to_numpy()
    return held_out.select(~known | (first & (np.cumsum(first) <= individuals)))


@pytest.mark.parametrize(
    "known, expected, said",
    [
        (0, PriorBlend, "nothing is learned"),
        (1, PriorBlend, "nothing is learned"),
        (2, PriorBlend, "nothing is learned"),
        (8, WeightedBlend, "too few held-out photographs"),
    ],
)
def test_few_known_queries_are_no_training_set_of_trees(known, expected, said, caplog):
    """With two, a fit without one of them has a single one; the others would have both."""
    folds = [leave_known(build_fold(0), known)]
    blend = build_blend(folds, "lightgbm")
    table = ensemble.score_queries(folds, blend, NO_DUPLICATES)
    assert type(blend.model_) is expected and said in caplog.text
    assert np.isfinite(table["log_odds"]).all()


def test_a_fit_on_some_of_the_queries_has_the_method_of_all():
    """200 known queries are enough for trees; so a photograph is identified by trees too."""
    held_out = stack_held_out([build_fold(fold) for fold in range(10)])
    blend = build_blend([build_fold(0)], "lightgbm")
    few = held_out.select(held_out.queries["fold"].to_numpy() < 3)
    assert type(blend.fit(few, blend.choose_method(held_out)).model_) is BoostedBlend
    assert type(blend.fit(few).model_) is WeightedBlend
    none = held_out.select(np.zeros(len(held_out.queries), bool))
    log_odds = blend.fit(none, "lightgbm").log_odds([build_fold(0)])["log_odds"]
    assert blend.method_ == "prior" and np.isfinite(log_odds).all()


def test_enough_known_queries_train_trees(caplog):
    folds = [build_fold(fold) for fold in range(10)]
    assert missing_kinds.count_known(stack_held_out(folds)) == 200
    blend = build_blend(folds, "lightgbm")
    ensemble.score_queries(folds, blend, NO_DUPLICATES)
    assert type(blend.model_) is BoostedBlend and not caplog.text


@pytest.mark.fault(
    "evaluation",
    "no pair of photographs shows one individual: sources have no probabilities",
    "none are stated, and no reliability diagram",
)
def test_sources_have_no_probabilities_without_known_queries():
    folds = [keep(build_fold(fold), "new") for fold in (0, 1)]
    table = ensemble.score_queries(folds, build_blend(folds, "mean"), NO_DUPLICATES)
    found = compute_source_probabilities(folds, table, "isotonic", EVALUATION)
    assert len(found) and found.drop(columns=["query", "identity"]).isna().all(axis=None)
    for kind in ("known", "new"):
        held_out = stack_held_out([keep(fold, kind) for fold in (build_fold(0), build_fold(1))])
        assert build_pair_diagrams(held_out, "isotonic", EVALUATION).empty
