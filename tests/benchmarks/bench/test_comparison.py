"""Both sides are measured in turns, the best round counts, and a row that fails loses no other."""

import math
from types import SimpleNamespace

import pytest

from benchmarks.bench.comparison import Line, compare
from benchmarks.bench.rows import Row

SIDES = [SimpleNamespace(name="base"), SimpleNamespace(name="here")]


def measure(values: dict[str, list[dict]]):
    """A measurement that gives these values, one after the other."""
    left = {name: list(numbers) for name, numbers in values.items()}
    return lambda side: left[side.name].pop(0)


def test_the_sides_take_turns():
    said = []
    row = Row("crop", lambda side: said.append(side.name) or {"s CPU": 1.0})
    list(compare([row], SIDES, 3, lambda line: None))
    assert said == ["base", "here"] * 3


def test_the_best_round_counts():
    values = {
        "base": [{"s CPU": 9.0, "views/s": 10.0}, {"s CPU": 8.0, "views/s": 12.0}],
        "here": [{"s CPU": 2.0, "views/s": 60.0}, {"s CPU": 3.0, "views/s": 30.0}],
    }
    seconds, rate = compare([Row("crop", measure(values))], SIDES, 2, lambda line: None)
    assert (seconds.unit, seconds.base, seconds.here, seconds.ratio) == ("s CPU", 8, 2, 4)
    assert (rate.unit, rate.base, rate.here, rate.ratio) == ("views/s", 12, 60, 5)


def test_a_row_has_its_own_number_of_rounds():
    said = []
    list(compare([Row("make", lambda side: {"s CPU": 1.0}, rounds=1)], SIDES, 3, said.append))
    assert said == ["make, base, round 1 of 1", "make, here, round 1 of 1"]


def test_a_row_that_fails_loses_no_other():
    def fail(side):
        raise RuntimeError("exit code 1:\n no crops")

    good = lambda side: {"s CPU": 1.0}  # noqa: E731
    rows = [Row("first", good), Row("match", fail), Row("last", good)]
    lines = list(compare(rows, SIDES, 1, lambda line: None))
    assert [line.row for line in lines] == ["first", "match", "last"]
    assert lines[1].fault == "exit code 1: no crops" and math.isnan(lines[1].ratio)
    assert [line.ratio for line in (lines[0], lines[2])] == [1, 1]


@pytest.mark.parametrize(
    ("unit", "ratio"),
    [("s wall clock", 0.5), ("s CPU", 0.5), ("views/s of random tensors", 2), ("ratio of both", 2)],
)
def test_a_ratio_above_1_is_better_than_the_base(unit, ratio):
    assert Line("row", unit, base=1, here=2).ratio == ratio
