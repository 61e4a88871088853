"""The photographs of an encounter together: sums, their dependence, and single photographs."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation.encounter_answers import EncounterModel, Encounters, average_photographs

ENCOUNTER = pd.Series({"p": 1, "q": 1, "r": 2})


def candidates(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["query", "fold", "identity", "log_odds"])


def test_log_odds_are_averaged_and_a_missing_candidate_has_the_lowest():
    """Of p the lowest is -4, so that b has (-4 + 3) / 2 and c (-4 - 1) / 2."""
    rows = candidates(
        ("p", 0, "a", 2.0),
        ("p", 0, "d", -4.0),
        ("q", 0, "a", 1.0),
        ("q", 0, "b", 3.0),
        ("q", 0, "c", -1.0),
        ("r", 0, "a", 0.5),
        ("r", 1, "a", 0.7),
    )
    table = average_photographs(rows, ENCOUNTER).set_index(["encounter", "fold", "identity"])
    assert table["mean"].to_dict() == pytest.approx(
        {
            (1, 0, "a"): 1.5,
            (1, 0, "b"): -0.5,
            (1, 0, "c"): -2.5,
            (1, 0, "d"): -2.5,
            (2, 0, "a"): 0.5,
            (2, 1, "a"): 0.7,
        }
    )
    assert table["photographs"].to_dict()[1, 0, "a"] == 2
    assert table["photographs"].to_dict()[2, 1, "a"] == 1


def test_one_photograph_keeps_its_answer():
    model = EncounterModel()
    model.dependence_, model.before_ = 0.3, -4.0
    rows = candidates(("r", 0, "a", 0.5), ("r", 0, "b", -2.0))
    found = model.log_odds(average_photographs(rows, ENCOUNTER))
    assert found["log_odds"].tolist() == [0.5, -2.0] and set(found["query"]) == {2}


def test_independent_photographs_add_up_and_dependent_ones_do_not():
    """Two photographs of 2 and 1 over a start of -4: 3 + 4 if independent, 1.5 as one."""
    averaged = average_photographs(candidates(("p", 0, "a", 2.0), ("q", 0, "a", 1.0)), ENCOUNTER)
    model = EncounterModel()
    model.before_ = -4.0
    for dependence, expected in ((0.0, 7.0), (1.0, 1.5)):
        model.dependence_ = dependence
        assert model.log_odds(averaged)["log_odds"].item() == pytest.approx(expected)


def simulate(share: float, seed: int, encounters: int = 600) -> Encounters:
    """Three photographs each of five individuals, or of new ones; errors share a part.

    The log-odds of single photographs hold: a score is normal around +2 of the right one, around
    -2 of others, of variance 4, so that it is its own log-likelihood ratio.
    """
    rng = np.random.default_rng(seed)
    names = list("abcde")
    rows, truths = [], []
    for number in range(encounters):
        truth = names[number % 5] if number % 6 else NEW_WHALE
        common = rng.normal(0, 2, 5) * np.sqrt(share)
        for photograph in range(3):
            score = common + rng.normal(0, 2, 5) * np.sqrt(1 - share)
            score += np.where(np.array(names) == truth, 2, -2)
            query = f"{number}-{photograph}"
            # before any photograph each of the five and new_whale are as likely: log-odds 0
            rows += [(query, 0, name, value) for name, value in zip(names, score, strict=True)]
            kind = "unseen" if truth == NEW_WHALE else "known"
            truths.append((query, number, truth, kind, f"{truth}{number}"))
    encounter = pd.Series({row[0]: row[1] for row in truths})
    truth = pd.DataFrame(truths, columns=["image", "encounter", "truth", "kind", "cluster"])
    return Encounters(average_photographs(candidates(*rows), encounter), truth)


def test_the_dependence_is_found():
    """Independent photographs have 0; if all repeat one error, three count as one."""
    free = EncounterModel().fit(simulate(0.0, 0), 1 / 6)
    assert free.dependence_ == pytest.approx(0, abs=0.12) and abs(free.before_) < 0.6
    half = EncounterModel().fit(simulate(0.5, 1), 1 / 6)
    # three scores of variance 4 with half of it shared count as 3 / (1 + 2 / 2) = 1.5
    assert half.count(np.array([3])).item() == pytest.approx(1.5, abs=0.25)
    same = EncounterModel().fit(simulate(1.0, 2), 1 / 6)
    assert same.dependence_ == pytest.approx(1, abs=0.12)


def test_too_few_encounters_count_as_single_photographs():
    few = simulate(0.0, 0, encounters=19)
    assert EncounterModel().fit(few, 0.2).dependence_ == 1.0
    known = simulate(0.0, 0, encounters=60)
    known = known.select((known.truth["kind"] == "known").to_numpy())
    assert EncounterModel().fit(known, 0.2).dependence_ == 1.0


def test_nothing_is_fitted_to_nothing():
    nothing = simulate(0.0, 0).select(np.zeros(1800, bool))
    model = EncounterModel().fit(nothing, 0.2)
    assert model.dependence_ == 1.0 and model.log_odds(nothing.averaged).empty
