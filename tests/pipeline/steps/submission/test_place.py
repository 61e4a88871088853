"""Posteriors and rankings by hand, folds averaged, thresholds cross-fitted."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.gallery import KNOWN, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation.cross_fit import CrossFit
from pipeline.params import NewWhale
from pipeline.steps.submission import place
from tests.conftest import ROOT

EVALUATION = params.load(ROOT / "tests/params.yaml").evaluation


def build_log_odds(*rows: tuple[str, int, str, float]) -> pd.DataFrame:
    """Rows query, fold, identity and odds (not their logarithm) against new_whale."""
    table = pd.DataFrame(rows, columns=["query", "fold", "identity", "odds"])
    return table.assign(log_odds=np.log(table["odds"].to_numpy(float))).drop(columns="odds")


def by_identity(posteriors: pd.DataFrame) -> dict[str, float]:
    return dict(zip(posteriors["identity"], posteriors["posterior"], strict=True))


def test_posteriors_of_one_fold_by_hand():
    """Odds 3 and 1 to 1: 3/5, 1/5, 1/5; with new_whale raised by log 4: 3/8, 1/8, 4/8."""
    table = build_log_odds(("q", 0, "a", 3), ("q", 0, "b", 1))
    assert by_identity(place.compute_posteriors(table, 0.0)) == pytest.approx(
        {"a": 0.6, "b": 0.2, NEW_WHALE: 0.2}
    )
    assert by_identity(place.compute_posteriors(table, np.log(4))) == pytest.approx(
        {"a": 3 / 8, "b": 1 / 8, NEW_WHALE: 4 / 8}
    )


def test_folds_are_averaged_as_posteriors():
    """a: (3/5 + 1/4) / 2; b is no candidate of fold 1, though in its gallery: 0 there."""
    table = build_log_odds(("q", 0, "a", 3), ("q", 0, "b", 1), ("q", 1, "a", 1), ("q", 1, "c", 2))
    found = by_identity(place.compute_posteriors(table, 0.0))
    assert found == pytest.approx({"a": 0.425, "b": 0.1, "c": 0.25, NEW_WHALE: 0.225})
    assert sum(found.values()) == pytest.approx(1)


def test_posteriors_sum_to_1():
    rng = np.random.default_rng(0)
    names = [f"w{i}" for i in range(9)]
    rows = [
        (f"q{query}", fold, name, float(np.exp(rng.normal(scale=3))))
        for query in range(12)
        for fold in range(3)
        for name in rng.permutation(names)[:5]
    ]
    found = place.compute_posteriors(build_log_odds(*rows), 0.5)
    assert found.groupby("query")["posterior"].sum().to_numpy() == pytest.approx(np.ones(12))


def posterior_table(*rows: tuple[str, float]) -> pd.DataFrame:
    return pd.DataFrame([("q", *row) for row in rows], columns=["query", "identity", "posterior"])


def test_rankings_have_five_labels_and_ties_are_ordered_by_label():
    table = posterior_table(
        ("f", 0.1), ("e", 0.1), ("b", 0.3), ("a", 0.1), (NEW_WHALE, 0.3), ("c", 0.1)
    )
    found = place.rank_labels(table, [])
    assert found["q"] == ["b", NEW_WHALE, "a", "c", "e"]


def test_the_filler_completes_a_short_ranking_in_its_order():
    table = posterior_table(("b", 0.3), (NEW_WHALE, 0.7))
    filler = [NEW_WHALE, "a", "b", "c"]
    assert place.rank_labels(table, filler)["q"] == [NEW_WHALE, "b", "a", "c"]


def build_held_out(count: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Queries 0 to 59, pairs of duplicates; odd pairs are new; one candidate each."""
    rng = np.random.default_rng(0)
    new = np.arange(count) // 2 % 2 == 1
    truth = np.where(new, NEW_WHALE, "a")
    images = [f"q{i}" for i in range(count)]
    odds = np.exp(rng.normal(size=count) + np.where(new, 0, 2))
    rows = [(image, 0, "a", value) for image, value in zip(images, odds, strict=True)]
    groups = np.arange(count) // 2
    queries = {"image": images, "group": groups, "truth": truth, "cluster": groups}
    kind = np.where(new, UNSEEN, KNOWN)
    return build_log_odds(*rows), pd.DataFrame({**queries, "kind": kind, "weight": 1.0})


@pytest.mark.parametrize("method", ["swept", "prior"])
def test_a_query_is_never_in_the_fit_of_its_shift(method):
    """The truths of a part are exchanged: its rankings stay, others change."""
    log_odds, queries = build_held_out()
    section = NewWhale(method=method, shift=0.0)
    part = CrossFit(queries["group"], EVALUATION.crossfit, EVALUATION.seed).part

    def rank(queries: pd.DataFrame) -> np.ndarray:
        placed = place.place_held_out(
            log_odds, queries, section, EVALUATION, place.compute_posteriors
        )
        rankings = place.rank_labels(placed, ["a"])[queries["image"]]
        return np.array([" ".join(labels) for labels in rankings])

    before, changes = rank(queries), 0
    for number in range(EVALUATION.crossfit):
        inside = part == number
        changed = queries.assign(
            truth=queries["truth"].mask(inside, "b"), kind=queries["kind"].mask(inside, KNOWN)
        )
        after = rank(changed)
        assert (after[inside] == before[inside]).all()
        changes += (after[~inside] != before[~inside]).sum()
    assert changes > 0


def test_the_shift_is_fitted_on_the_other_parts(monkeypatch):
    log_odds, queries = build_held_out()
    fits = []
    fit_shift = place.shifts.fit_shift
    monkeypatch.setattr(
        place.shifts,
        "fit_shift",
        lambda p, top, prior: fits.append(top) or fit_shift(p, top, prior),
    )
    section = NewWhale(method="swept", shift=0.0)
    placed = place.place_held_out(log_odds, queries, section, EVALUATION, place.compute_posteriors)
    assert set(placed["query"]) == set(queries["image"])
    assert [len(fit.new) for fit in fits] == [48] * 5
    # new ones carry the prior in every fit
    for fit in fits:
        fraction = fit.weights[fit.new].sum() / fit.weights.sum()
        assert fraction == pytest.approx(EVALUATION.new_whale_prior)


def test_the_shift_of_the_test_is_fitted_on_all_held_out_queries():
    log_odds, queries = build_held_out()
    test = build_log_odds(("t1", 0, "a", 1e6), ("t1", 1, "a", 1e6), ("t2", 0, "a", 1e-6))
    section = NewWhale(method="swept", shift=0.0)
    placed = place.place_test(test, log_odds, queries, section, 0.276, place.compute_posteriors)
    rankings = place.rank_labels(placed, [])
    assert rankings.to_dict() == {"t1": ["a", NEW_WHALE], "t2": [NEW_WHALE, "a"]}
