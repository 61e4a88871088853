"""Photographs of one encounter are answered together, beside each one's own answer."""

from pathlib import Path

import pandas as pd
import pytest
from scipy.special import expit

from pipeline.exchange import named_folder
from pipeline.naming import encounters
from pipeline.naming.animals import Animal
from pipeline.naming.settings import Options, build_settings

BY_BURST = build_settings(Options()).encounters
NAMES = {"0": "Anna", "1": "Bo"}
DATES = """photograph,date,place
cam1/a.jpg,2024-06-01 10:00:00,hill
cam1/b.jpg,2024-06-01 10:20:00,hill
cam1/c.jpg,2024-06-01 10:51:00,hill
cam2/a.jpg,2024-06-01 10:00:00,
cam3/a.jpg,2024-06-01 10:00:00,
old.jpg,2023-06-01 10:00:00,hill
"""


def compare(*photographs: str) -> pd.DataFrame:
    rows = [("new", one, "", f"/{one}", one, "") for one in photographs]
    rows.append(("catalogue", "old.jpg", "", "/old.jpg", "old", "Anna"))
    return pd.DataFrame(rows, columns=named_folder.COLUMNS)


def score(**photographs: tuple[float, float]) -> pd.DataFrame:
    """The log-odds of Anna and of Bo, by photograph."""
    rows = [
        (query, -1, identity, value)
        for query, values in photographs.items()
        for identity, value in zip(NAMES, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["query", "fold", "identity", "log_odds"])


def answer(log_odds, numbers, counts=()):
    """Of photographs with one animal each, unless `counts` has more."""
    animals = {
        name: Animal(name, Path(name), Path(name), 1, dict(counts).get(name, 1)) for name in numbers
    }
    digests = {name: name for name in numbers}
    return encounters.answer_encounters(numbers, animals, digests, log_odds, NAMES)


def test_encounters_are_numbered_by_place_and_time(tmp_path):
    (tmp_path / "photographs.csv").write_text(DATES)
    listed = [row.partition(",")[0] for row in DATES.splitlines()[1:-1]]
    compared = compare(*listed, "undated.jpg")
    found = encounters.number_encounters(compared, tmp_path / "photographs.csv", BY_BURST)
    # 31 minutes later is another one; without a place, another folder is another camera
    assert found == {
        **{"cam1/a.jpg": 1, "cam1/b.jpg": 1, "cam1/c.jpg": 2},
        **{"cam2/a.jpg": 3, "cam3/a.jpg": 4},
    }


def test_without_dates_nothing_changes(tmp_path):
    compared = compare("a.jpg")
    assert encounters.number_encounters(compared, None, BY_BURST) == {}
    occasions = answer(score(a=(0, 0)), {})
    table = pd.DataFrame({"photograph": ["a"]})
    assert encounters.add_columns(table, occasions) is table
    assert encounters.describe(occasions, BY_BURST) == []


def test_the_log_odds_are_averaged():
    found = answer(score(a=(3, 0), b=(-1, 0), c=(9, 9)), {"a": 1, "b": 1, "c": 2})
    assert list(found.answers) == [1]  # c is alone
    one = found.answers[1]
    weights = [2.718281828**1, 1, 1]  # of Anna, Bo, a new one
    assert (one.name, one.result, one.photographs) == ("Anna", "known", 2)
    assert one.probability == pytest.approx(weights[0] / sum(weights), abs=1e-6)
    assert one.new == pytest.approx(1 / sum(weights), abs=1e-6)
    # no surer than its surest photograph
    assert one.probability < expit(3)


def test_a_new_animal_and_an_unsure_answer():
    log_odds = score(a=(-4, -5), b=(-3, -4), c=(0, 0), d=(0, 0))
    found = answer(log_odds, {"a": 1, "b": 1, "c": 2, "d": 2})
    assert found.answers[1].result == "new"
    assert found.answers[2].result == "unsure"
    text = encounters.describe_answer(found.answers[1])
    assert text.startswith("The 2 photographs of this encounter together: new, none of the known")


def test_with_several_animals_on_a_photograph_it_is_not_known_which_is_which():
    found = answer(score(a=(3, 0), b=(3, 0)), {"a": 1, "b": 1}, {"a": 2})
    assert found.answers == {} and found.several == 1
    assert "1 with several animals on a photograph were not answered together" in "".join(
        encounters.describe(found, BY_BURST)
    )


def test_one_file_twice_is_one_photograph():
    log_odds = score(a=(3, 0))
    animals = {name: Animal(name, Path(name), Path(name)) for name in ("x", "y")}
    digests = {"x": "a", "y": "a"}
    found = encounters.answer_encounters({"x": 1, "y": 1}, animals, digests, log_odds, NAMES)
    assert found.answers == {}


def test_photographs_that_the_catalogue_has_are_left_out():
    found = answer(score(a=(3, 0)), {"a": 1, "copy": 1})
    assert found.answers == {}


def test_the_columns():
    found = answer(score(a=(3, 0), b=(3, 0), c=(0, 0)), {"a": 1, "b": 1, "c": 2})
    table = encounters.add_columns(pd.DataFrame({"photograph": ["b", "c", "none"]}), found)
    assert table["encounter"].tolist() == [1, 2, ""]
    assert table["encounter_name"].tolist() == ["Anna", "", ""]
    assert table.loc[0, "encounter_probability"] == round(20.0855 / 22.0855, 4)
