"""Posteriors and rankings by hand, folds averaged, thresholds cross-fitted."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.gallery import KNOWN, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import protocol
from pipeline.params import NewWhale
from pipeline.steps.submission import place
from tests.conftest import ROOT

EVALUATED = params.load(ROOT / "tests/params.yaml").evaluation


def answers(*rows: tuple[str, int, str, float]) -> pd.DataFrame:
    """Rows query, fold, identity and odds (not their logarithm) against new_whale."""
    table = pd.DataFrame(rows, columns=["query", "fold", "identity", "odds"])
    return table.assign(log_odds=np.log(table["odds"].to_numpy(float))).drop(columns="odds")


def galleries(*folds: Iterable[str]) -> dict[int, place.Comparable]:
    """Each fold's identities; of no photograph is the side known."""
    return {fold: {("", name) for name in names} for fold, names in enumerate(folds)}


def by_name(posteriors: pd.DataFrame) -> dict[str, float]:
    return dict(zip(posteriors["identity"], posteriors["posterior"], strict=True))


def test_one_folds_posteriors_by_hand():
    """Odds 3 and 1 to 1: 3/5, 1/5, 1/5; with new_whale raised by log 4: 3/8, 1/8, 4/8."""
    table = answers(("q", 0, "a", 3), ("q", 0, "b", 1))
    assert by_name(place.posteriors(table, 0.0, {}, {})) == pytest.approx(
        {"a": 0.6, "b": 0.2, NEW_WHALE: 0.2}
    )
    assert by_name(place.posteriors(table, np.log(4), {}, {})) == pytest.approx(
        {"a": 3 / 8, "b": 1 / 8, NEW_WHALE: 4 / 8}
    )


def test_folds_are_averaged_as_posteriors():
    """a: (3/5 + 1/4) / 2; b is no candidate of fold 1, though in its gallery: 0 there."""
    table = answers(("q", 0, "a", 3), ("q", 0, "b", 1), ("q", 1, "a", 1), ("q", 1, "c", 2))
    found = by_name(place.posteriors(table, 0.0, galleries("abc", "abc"), {}))
    assert found == pytest.approx({"a": 0.425, "b": 0.1, "c": 0.25, NEW_WHALE: 0.225})
    assert sum(found.values()) == pytest.approx(1)


def test_an_identity_that_a_gallery_lacks_is_missing_there_not_zero():
    table = answers(("q", 0, "a", 3), ("q", 0, "b", 1), ("q", 1, "a", 1), ("q", 1, "c", 2))
    found = by_name(place.posteriors(table, 0.0, galleries("ab", "ac"), {}))
    assert found == pytest.approx({"a": 0.425, "b": 0.2, "c": 0.5, NEW_WHALE: 0.225})


def test_an_identity_seen_from_the_other_side_only_is_missing_too():
    """Both galleries have a; fold 1's shows its right alone, and q is a left."""
    table = answers(("q", 0, "a", 3), ("q", 1, "c", 1))
    shown = {0: {("left", "a"), ("", "a")}, 1: {("right", "a"), ("", "a"), ("left", "c")}}
    found = by_name(place.posteriors(table, 0.0, shown, {"q": "left"}))
    assert found == pytest.approx({"a": 3 / 4, "c": 1 / 2, NEW_WHALE: (1 / 4 + 1 / 2) / 2})
    unknown = by_name(place.posteriors(table, 0.0, shown, {}))
    assert unknown["a"] == pytest.approx(3 / 8)


def test_a_label_from_outside_the_galleries_is_averaged_over_its_answers():
    """A copy's label, given in both folds though no gallery holds it."""
    table = answers(("q", 0, "x", 1), ("q", 1, "x", 3))
    found = by_name(place.posteriors(table, 0.0, galleries("a", "a"), {}))
    assert found == pytest.approx({"x": (1 / 2 + 3 / 4) / 2, NEW_WHALE: 3 / 8})


def test_posteriors_sum_to_1_where_every_gallery_holds_everyone():
    rng = np.random.default_rng(0)
    names = [f"w{i}" for i in range(9)]
    rows = [
        (f"q{query}", fold, name, float(np.exp(rng.normal(scale=3))))
        for query in range(12)
        for fold in range(3)
        for name in rng.permutation(names)[:5]
    ]
    found = place.posteriors(answers(*rows), 0.5, galleries(names, names, names), {})
    assert found.groupby("query")["posterior"].sum().to_numpy() == pytest.approx(np.ones(12))


def posterior_table(*rows: tuple[str, float]) -> pd.DataFrame:
    return pd.DataFrame([("q", *row) for row in rows], columns=["query", "identity", "posterior"])


def test_rankings_are_the_first_five_ties_by_label():
    table = posterior_table(
        ("f", 0.1), ("e", 0.1), ("b", 0.3), ("a", 0.1), (NEW_WHALE, 0.3), ("c", 0.1)
    )
    found = place.rankings(table, [])
    assert found["q"] == ["b", NEW_WHALE, "a", "c", "e"]


def test_the_filler_completes_a_short_list_in_its_order():
    table = posterior_table(("b", 0.3), (NEW_WHALE, 0.7))
    filler = [NEW_WHALE, "a", "b", "c"]
    assert place.rankings(table, filler)["q"] == [NEW_WHALE, "b", "a", "c"]


def held_out(count: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Queries 0 to 59, pairs of copies; odd pairs are new; one candidate each."""
    rng = np.random.default_rng(0)
    new = np.arange(count) // 2 % 2 == 1
    truth = np.where(new, NEW_WHALE, "a")
    images = [f"q{i}" for i in range(count)]
    odds = np.exp(rng.normal(size=count) + np.where(new, 0, 2))
    rows = [(image, 0, "a", own) for image, own in zip(images, odds, strict=True)]
    queries = {"image": images, "group": np.arange(count) // 2, "truth": truth}
    kind = np.where(new, UNSEEN, KNOWN)
    return answers(*rows), pd.DataFrame({**queries, "kind": kind, "weight": 1.0})


@pytest.mark.parametrize("method", ["swept", "prior"])
def test_a_query_never_helps_to_place_itself(method):
    """With every truth of a part turned round its own rankings stay, while others' change."""
    log_odds, queries = held_out()
    section = NewWhale(method=method, shift=0.0)
    part = protocol.crossfit_parts(queries["group"], EVALUATED.crossfit, EVALUATED.seed)

    def lists(asked: pd.DataFrame) -> np.ndarray:
        placed = place.place_held_out(log_odds, asked, section, EVALUATED)
        ranked = place.rankings(placed, ["a"])[asked["image"]]
        return np.array([" ".join(labels) for labels in ranked])

    right, others = lists(queries), 0
    for one in range(EVALUATED.crossfit):
        own = part == one
        turned = queries.assign(
            truth=queries["truth"].mask(own, "b"), kind=queries["kind"].mask(own, KNOWN)
        )
        found = lists(turned)
        assert (found[own] == right[own]).all()
        others += (found[~own] != right[~own]).sum()
    assert others > 0


def test_the_shift_comes_from_the_other_parts(monkeypatch):
    log_odds, queries = held_out()
    fits = []
    chosen = place.shifts.chosen
    monkeypatch.setattr(
        place.shifts, "chosen", lambda p, fit, prior: fits.append(fit) or chosen(p, fit, prior)
    )
    section = NewWhale(method="swept", shift=0.0)
    placed = place.place_held_out(log_odds, queries, section, EVALUATED)
    assert set(placed["query"]) == set(queries["image"])
    assert [len(fit.new) for fit in fits] == [48] * 5
    # new ones carry the prior in every fit
    for fit in fits:
        share = fit.weights[fit.new].sum() / fit.weights.sum()
        assert share == pytest.approx(EVALUATED.new_whale_prior)


def test_the_test_is_placed_by_all_held_out_queries():
    log_odds, queries = held_out()
    asked = answers(("t1", 0, "a", 1e6), ("t1", 1, "a", 1e6), ("t2", 0, "a", 1e-6))
    section = NewWhale(method="swept", shift=0.0)
    shown = galleries("a", "a")
    placed = place.place_test(asked, log_odds, queries, section, 0.276, shown, {})
    found = place.rankings(placed, [])
    assert found.to_dict() == {"t1": ["a", NEW_WHALE], "t2": [NEW_WHALE, "a"]}
