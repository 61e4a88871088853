"""`tailprint count` says what the number rests on, and what is to be done next."""

import math
from pathlib import Path

from commands.count import describe
from pipeline.population.count import Count

FILE = Path("q.csv")


def make_count(**changes):
    values = {
        "number": 57.4, "low": 50.0, "high": 66.0, "predicted": (40.0, 35.0, 45.0),
        "reviewed": 84, "photographs": 200, "decisions": 500, "found_first": 0.9,
    }  # fmt: skip
    return Count(**(values | changes))


def test_known_individuals_and_others_are_counted_apart():
    lines = describe(make_count(), 0, 30, "best", FILE)
    assert lines[0] == (
        "57 individuals (95 % interval 50 to 66): 30 known, 27 others on 200 photographs without a "
        "name."
    )
    assert "40 (35 to 45)" in lines[1] and "84 of the 200" in lines[2]
    assert lines[3:] == ["No question is open."]


def test_open_questions_name_their_file():
    assert "12 questions are open" in describe(make_count(), 12, 30, "best", FILE)[-1]
    assert (
        "tailprint review best --count, then this command again. They are in q.csv"
        in describe(make_count(), 12, 30, "best", FILE)[-1]
    )


def test_a_poor_matcher_is_named_and_one_that_is_not_measured_is_not():
    assert "Only 50%" in describe(make_count(found_first=0.5), 0, 30, "best", FILE)[3]
    assert len(describe(make_count(found_first=math.nan), 0, 30, "best", FILE)) == 4


def test_a_half_width_is_a_fraction(tailprint):
    result = tailprint("count", "best", "--half-width", "10")
    assert result.exit_code == 2 and "10.0 is not between 0 and 1" in result.output
