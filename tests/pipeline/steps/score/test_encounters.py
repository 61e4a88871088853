"""The gain of encounters that are answered together, on numbers that a person can check."""

import pandas as pd
import pytest

from pipeline import params
from pipeline.data import tables
from pipeline.steps.score.encounters import describe, score_encounters
from tests.conftest import ROOT

EVALUATION = params.load(ROOT / "tests/params.yaml").evaluation


def build(rows):
    """Rankings and answers of rows (image, encounter, kind, truth, own answer, answer together)."""
    table = pd.DataFrame(rows, columns=["image", "encounter", "kind", "truth", "own", "together"])
    table = table.assign(
        group=table["encounter"], fold=0, cluster=table["truth"] + table["encounter"].astype(str)
    )
    rankings = table.assign(ranking=table["own"], weight=1.0)[tables.COLUMNS["rankings"]]
    answers = table.assign(ranking=table["together"], photographs=2, count=2**0.25)
    answers = answers.assign(known_posterior=0.5, new_posterior=0.5)
    several = answers["encounter"].duplicated(keep=False)
    return rankings, answers.loc[several, tables.COLUMNS["encounter_rankings"]]


ROWS = [
    ("1", 1, "known", "a", "a b", "a b"),
    ("2", 1, "known", "a", "b a", "a b"),
    ("3", 2, "known", "b", "b a", "b a"),
    ("4", 2, "known", "b", "b a", "b a"),
    ("5", 3, "unseen", "new_whale", "a new_whale", "new_whale a"),
    ("6", 3, "unseen", "new_whale", "a new_whale", "new_whale a"),
    ("7", 4, "unseen", "new_whale", "new_whale a", "new_whale a"),
    ("8", 4, "unseen", "new_whale", "new_whale a", "new_whale a"),
    ("9", 5, "known", "c", "a b", ""),
]


def test_every_encounter_of_several_photographs_counts_once():
    """Known: (.75 + 1) / 2 alone; new: (.5 + 1) / 2; together all are right."""
    card = score_encounters(*build(ROWS), EVALUATION)
    prior = EVALUATION.new_whale_prior
    alone = (1 - prior) * 0.875 + prior * 0.75
    assert card["map5_of_their_photographs"] == pytest.approx(alone, abs=1e-5)
    assert card["map5_of_encounters"] == 1 and card["encounters"] == 4
    assert card["encounter_gain"] == pytest.approx(1 - alone, abs=1e-5)
    assert card["encounter_gain_low"] <= card["encounter_gain"] <= card["encounter_gain_high"]
    assert card["encounter_dependence"] == pytest.approx(0.75)
    assert "4 encounters" in describe("best", card)[0]


def test_an_encounter_of_two_animals_counts_for_both():
    rows = [*ROWS[:1], ("2", 1, "known", "b", "b a", "a b"), *ROWS[2:8]]
    card = score_encounters(*build(rows), EVALUATION)
    prior = EVALUATION.new_whale_prior
    together = (1 - prior) * (1 + 0.5 + 1) / 3 + prior
    assert card["map5_of_encounters"] == pytest.approx(together, abs=1e-5)


def test_of_one_kind_alone_the_gain_is_measured_on_it():
    card = score_encounters(*build(ROWS[:4]), EVALUATION)
    assert card["encounter_gain"] == pytest.approx(0.125)


def test_single_photographs_have_no_score():
    assert score_encounters(*build(ROWS[8:]), EVALUATION) == {}
    assert score_encounters(*build(ROWS[:2]), EVALUATION) == {}  # one individual
    assert describe("best", {}) == []
