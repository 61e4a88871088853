"""Encounters are answered together, each held-out one by a fit without it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.submission import encounters
from pipeline.steps.submission.encounters import answer_encounters, select_several
from pipeline.steps.submission.queries import Photographs, Queries, Settings
from tests.conftest import ROOT
from tests.pipeline.steps.submission.test_submission import compare, decide

P = params.load(ROOT / "tests/params.yaml")
NAMES = list("abcdef")


def build(pairs=40, seed=0):
    """Held-out encounters of two photographs, a quarter of them new, and two of the test."""
    rng = np.random.default_rng(seed)
    rows, truths, encounter = [], [], {}
    for number in range(pairs + 2):
        test = number >= pairs
        truth = NAMES[number % 6] if number % 4 else NEW_WHALE
        for photograph in range(2):
            image = f"{'t' if test else 'h'}{number:02}-{photograph}"
            encounter[image] = number
            score = rng.normal(0, 2, 6) + np.where(np.array(NAMES) == truth, 2, -2)
            fold = number % 2
            rows += [
                (image, f, name, value)
                for f in ((0, 1) if test else (fold,))
                for name, value in zip(NAMES, score, strict=True)
            ]
            kind = "unseen" if truth == NEW_WHALE else "known"
            truths.append((image, number, kind, truth, fold, 0, f"{truth}{number}", test))
    columns = ["image", "group", "kind", "truth", "fold", "part", "cluster", "test"]
    truth = pd.DataFrame(truths, columns=columns)
    truth = truth[~truth["test"]].drop(columns="test").assign(weight=1.0, species="")
    table = pd.DataFrame(rows, columns=["query", "fold", "identity", "log_odds"])
    in_test = table["query"].str.startswith("t")
    queries = Queries(table[~in_test], table[in_test], truth, [NEW_WHALE, *NAMES])
    return queries, Photographs([], {}, compare, encounter, decide)


def answer(queries, photographs, **changes):
    settings = Settings(P.ensembles["card"].new_whale, P.submission, P.evaluation)
    submission = P.submission.model_copy(update=changes)
    return answer_encounters(
        queries, Settings(settings.new_whale, submission, P.evaluation), photographs
    )


def test_every_photograph_has_the_answer_to_its_encounter():
    table = answer(*build())
    assert len(table) == 2 * 42 and set(table["photographs"]) == {2}
    for _, rows in table.groupby("encounter"):
        assert rows.drop(columns="image").drop_duplicates().shape[0] == 1
    labels = table["ranking"].str.split(" ")
    assert all(len(set(row)) == 5 for row in labels)
    assert table["count"].between(1, 2).all()
    known, new = table["known_posterior"], table["new_posterior"]
    assert known.between(0, 1).all() and (known + new <= 1 + 1e-5).all()
    assert ((labels.str[0] == NEW_WHALE) == (new > known)).all()


def test_two_independent_photographs_are_right_more_often_than_one():
    queries, photographs = build(pairs=200)
    table = answer(queries, photographs).set_index("image")
    truth = queries.truth.set_index("image")["truth"]
    together = table.loc[truth.index, "ranking"].str.split(" ").str[0] == truth
    alone = queries.held_out.sort_values("log_odds").groupby("query").last()
    first = alone["identity"].where(alone["log_odds"] > 0, NEW_WHALE)
    assert together.mean() > (first[truth.index] == truth).mean() + 0.05


def test_the_truth_of_an_encounter_has_no_part_in_its_own_answer(monkeypatch):
    """The fit of a part never sees its encounters."""
    queries, photographs = build()
    seen = []

    class Spy(encounters.EncounterModel):
        def fit(self, known, prior):
            self.fitted = set(known.truth["encounter"])
            return super().fit(known, prior)

        def log_odds(self, averaged):
            seen.append((self.fitted, set(averaged["encounter"])))
            return super().log_odds(averaged)

    monkeypatch.setattr(encounters, "EncounterModel", Spy)
    answer(queries, photographs)
    *held_out, test = seen
    assert len(held_out) == P.evaluation.crossfit and all(not a & b for a, b in held_out)
    assert set.union(*(scored for _, scored in held_out)) == set(range(40))
    assert test == (set(range(40)), {40, 41})


def test_single_photographs_are_not_encounters():
    queries, photographs = build()
    alone = {image: at for at, image in enumerate(photographs.encounter)}
    table = answer(queries, replace(photographs, encounter=alone))
    assert table.empty and list(table.columns)[:2] == ["image", "encounter"]
    assert select_several(pd.Series(["a", "b", "c"]), {"a": 1, "b": 2, "c": 1}).to_dict() == {
        "a": 1,
        "c": 1,
    }


def test_clusters_are_answers_of_their_own():
    assert answer(*build(), format="clusters").empty


@pytest.mark.parametrize("method", ["fixed", "swept", "never"])
def test_new_whale_is_placed_as_for_single_photographs(method):
    queries, photographs = build()
    placing = P.ensembles["card"].new_whale.model_copy(update={"method": method, "shift": 50.0})
    table = answer_encounters(queries, Settings(placing, P.submission, P.evaluation), photographs)
    first = table["ranking"].str.split(" ").str[0]
    if method == "fixed":
        assert (first == NEW_WHALE).all()
    if method == "never":
        assert (first != NEW_WHALE).all()
    assert len(table) == 84


def test_only_the_test_may_have_encounters():
    queries, photographs = build()
    images = enumerate(photographs.encounter)
    encounter = {image: at if image.startswith("h") else 9999 for at, image in images}
    table = answer(queries, replace(photographs, encounter=encounter))
    assert set(table["image"]) == {"t40-0", "t40-1", "t41-0", "t41-1"}
    assert (table["count"] == 1).all()  # nothing to fit how much they say together
