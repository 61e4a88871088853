"""Encounters of a finished run: numbers for dated photographs, answers for several at once."""

import pytest

from pipeline.naming.encounters import Together
from pipeline.naming.run_encounters import load_encounters
from tests.pipeline.naming.test_finished_run import DATES, TOGETHER, write_encounters

TEST = ["u", "v", "w", "x", "d"]


@pytest.fixture(autouse=True)
def in_a_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def load(decided=(), names=None, test=TEST):
    return load_encounters("best", test, decided, names or {})


def test_encounters_are_numbered_in_the_order_of_the_test():
    write_encounters(DATES, TOGETHER)
    assert load().numbers == {"u": 1, "v": 2, "w": 2, "x": 1, "d": 3}
    assert load(test=TEST[::-1]).numbers == {"d": 1, "x": 2, "w": 3, "v": 3, "u": 2}


def test_answers_are_those_of_the_run():
    write_encounters(DATES, TOGETHER)
    assert load().answers == {
        1: Together("known", "a", 0.85, 0.1, 2),
        2: Together("new", "b", 0.07, 0.93, 2),
    }


def test_an_encounter_with_a_decided_photograph_has_its_number_alone():
    write_encounters(DATES, TOGETHER)
    assert load(decided={"x"}).numbers["u"] == 1
    assert list(load(decided={"x"}).answers) == [2]


def test_encounters_have_the_names_of_today():
    write_encounters(DATES, TOGETHER)
    assert [one.name for one in load(names={"b": "a"}).answers.values()] == ["a", "a"]


def test_photographs_without_a_date_have_no_encounter():
    write_encounters({"v": "2024-05-01"})
    assert load().numbers == {"v": 1}
    write_encounters({})
    assert not load().numbers


def test_where_no_individual_is_known_there_is_no_name():
    write_encounters(
        DATES, [("v", 2, 1.5, "new_whale", 0.0, 1.0), ("w", 2, 1.5, "new_whale", 0, 1)]
    )
    assert load().answers == {2: Together("new", "", 0.0, 1.0, 2)}
