"""Hidden scores of every format by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.scenarios import Scenarios
from pipeline.leaderboard import hidden
from pipeline.leaderboard.history import HIDDEN
from pipeline.system.errors import UserError

ANSWERS = pd.DataFrame({"image": ["1", "2", "3"], "ranking": [["a", "b"], ["b", "a"], ["c", "a"]]})
SOLUTION = pd.DataFrame(
    {
        "image": ["3", "1", "2"],
        "identity": ["b", "a", "a"],
        "usage": ["Private", "Public", "Private"],
    }
)


def compute(answers, solution, duplicates) -> dict[str, float]:
    return hidden.compute_hidden_scores(answers, solution, duplicates, hidden.score_map5)


def test_hidden_scores_by_hand():
    """Precisions 1 (public), 1/2 and 0 (private); image 1 is a duplicate."""
    scores = compute(ANSWERS, SOLUTION, {"1"})
    assert scores == {
        "public": 1,
        "private": 0.25,
        "hidden": 0.5,
        "hidden_without_copies": 0.25,
    }


def test_without_a_solution_there_is_no_score():
    scores = compute(ANSWERS, None, set())
    assert list(scores) == HIDDEN and np.isnan(list(scores.values())).all()


def test_without_a_public_part_its_score_is_missing():
    scores = compute(ANSWERS, SOLUTION.assign(usage="Private"), set())
    assert np.isnan(scores["public"]) and scores["private"] == scores["hidden"] == 0.5


@pytest.mark.fault("tables", "a solution that lacks test images", "a message with their number")
def test_a_solution_without_a_test_image_is_refused():
    with pytest.raises(UserError, match="no row of 1 test images, as 3"):
        compute(ANSWERS, SOLUTION[1:], set())


def test_ignored_images_are_not_scored():
    solution = SOLUTION.assign(usage=["Ignored", "Public", "Private"])
    scores = compute(ANSWERS, solution, set())
    assert scores["hidden"] == 0.75 and scores["private"] == 0.5


# image, answer, the solution's individual; a and b are known
ROWS = [
    ("1", "a", "a"),
    ("2", "new_whale", "a"),
    ("3", "b", "b"),
    ("4", "new_whale", "x"),
    ("5", "a", "x"),
    ("6", "new_whale", "new_whale"),
]
TABLE = pd.DataFrame(ROWS, columns=["image", "answer", "identity"])


def score(form: str, table: pd.DataFrame, species: dict[str, str]) -> float:
    rows = table.assign(ranking=table["answer"].map(lambda label: [label]))
    return hidden.choose_score(form, {"a", "b"}, species)(rows)


def test_one_name_is_scored_by_known_and_new_individuals_alike():
    """BAKS of a and b: (1/2 + 1) / 2; BAUS of x and of image 6: (1/2 + 1) / 2."""
    assert score("single", TABLE, {}) == pytest.approx(0.75)


def test_the_score_is_the_mean_of_the_species_that_are_measured():
    """A second species has the same photographs, all answered new: BAKS is 0."""
    other = TABLE.assign(image="o" + TABLE["image"], answer="new_whale")
    lonely = TABLE[:1].assign(image="z")
    both = pd.concat([TABLE, other, lonely], ignore_index=True)
    species = dict.fromkeys(other["image"], "newt") | {"z": "lizard"}
    assert score("single", both, species) == pytest.approx(0.75 / 2)


def test_clusters_are_scored_where_the_solution_names_the_individual():
    """Photographs 1 to 5 by their individuals, whatever 6 is grouped with."""
    right = TABLE.assign(answer=["c_0", "c_0", "c_1", "c_2", "c_2", "c_0"])
    assert score("clusters", right, {}) == 1
    alone = TABLE.assign(answer=[f"c_{number}" for number in range(6)])
    assert score("clusters", alone, {}) == 0


def test_photographs_are_scored_where_the_individual_is_in_the_database():
    """q finds its second of two at rank 3; n is new, and r the only photograph of its own.

    A photograph whose individual nothing names is wrong.
    """
    given = Scenarios(
        pd.DataFrame(
            {"scenario": ["s"] * 3 + ["t"], "query": ["q", "n", "r", "t-q"], "image": list("qnrq")}
        ),
        pd.DataFrame({"scenario": ["s"] * 5 + ["t"], "image": [*"pabqr", "b"]}),
    )
    identities = {"q": "w1", "a": "w1", "b": "w1", "r": "w2", "n": "new_whale"}
    found = [("q", "b", 0.2), ("q", "p", 0.5), ("q", "a", 0.9), ("r", "a", 0.5), ("t-q", "b", 1.0)]
    table = pd.DataFrame(found, columns=["query", "photograph", "score"])
    measured = hidden.measure_photographs(table, given, identities)
    assert measured["image"].tolist() == ["q", "q"]
    assert measured["precision"].tolist() == pytest.approx([(1 + 2 / 3) / 2, 1])
    solution = pd.DataFrame({"image": ["q"], "identity": ["w1"], "usage": ["Public"]})
    scores = hidden.compute_hidden_scores(measured, solution, set(), hidden.score_photographs)
    assert scores["public"] == pytest.approx(11 / 12, abs=1e-5) and np.isnan(scores["private"])
