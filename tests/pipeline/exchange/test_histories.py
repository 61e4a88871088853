"""Histories of three animals on four days, and a few that a naive oracle counts."""

import re
from collections import Counter
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from pipeline.exchange import captures, histories
from pipeline.exchange.captures import Study
from pipeline.system.errors import Faults
from tests.pipeline.exchange.study import write_study


@pytest.fixture
def study(tmp_path):
    return captures.collect(*write_study(tmp_path), unknown=False)


def make(pairs, first, last):
    table = pd.DataFrame(pairs, columns=["individual", "date"])
    return Study(table, first, last, Counter())


def test_mark_has_a_line_per_individual(study, tmp_path):
    text = histories.write_mark(study, "day", tmp_path / "h.inp")
    assert (tmp_path / "h.inp").read_text() == (
        "/* 007 */ 1000 1;\n/* Anna */ 1001 1;\n/* Bo_Li */ 0100 1;\n"
    )
    assert text == "4 occasions (by day), 1 without a capture."


def test_rmark_reads_words_and_a_header(study, tmp_path):
    histories.write_rmark(study, "day", tmp_path / "h.txt")
    # as R's read.table(colClasses = "character", header = TRUE), which import.chdata calls
    table = pd.read_csv(tmp_path / "h.txt", sep=r"\s+", dtype=str)
    assert table.to_dict("list") == {
        "ch": ["1000", "1001", "0100"],
        "name": ["007", "Anna", "Bo_Li"],
    }


@pytest.mark.parametrize(
    "occasion, lines",
    [
        ("week", ["10", "11", "10"]),  # 3 June 2024 is a Monday
        ("month", ["10", "11", "01"]),
        ("year", ["1", "1", "1"]),
    ],
)
def test_longer_occasions_are_calendar_units(study, occasion, lines):
    assert list(histories.build_histories(study, occasion).values()) == lines


def test_occasions_without_any_capture_are_zeros(study):
    late = Study(study.captures, "2024-05-30", "2024-06-04", Counter())
    assert list(histories.build_histories(late, "day").values()) == ["010000", "010010", "001000"]
    assert histories.describe_occasions(late, "day").endswith(" 3 without a capture.")


def test_a_new_year_begins_no_week(tmp_path):
    study = make([("A", "2024-12-30"), ("A", "2025-01-06")], "2024-12-30", "2025-01-06")
    assert histories.build_histories(study, "week") == {"A": "11"}
    assert histories.build_histories(study, "year") == {"A": "11"}
    assert histories.build_histories(study, "month") == {"A": "11"}


def test_a_single_capture(tmp_path):
    study = make([("A", "2024-12-30")], "2024-12-30", "2024-12-30")
    histories.write_mark(study, "day", tmp_path / "h.inp")
    assert (tmp_path / "h.inp").read_text() == "/* A */ 1 1;\n"


def test_days_as_counted_one_by_one():
    generator = np.random.default_rng(0)
    start = date(2023, 12, 20)
    days = [start + timedelta(int(day)) for day in generator.integers(0, 90, 40)]
    names = generator.choice(["A", "B", "C"], 40)
    pairs = [(name, day.isoformat()) for name, day in zip(names, days, strict=True)]
    study = make(pairs, min(days).isoformat(), max(days).isoformat())
    found = histories.build_histories(study, "day")
    for name in "ABC":
        for number in range((max(days) - min(days)).days + 1):
            day = (min(days) + timedelta(number)).isoformat()
            assert found[name][number] == str(int((name, day) in pairs))


def test_names_are_one_word():
    codes = histories.make_codes(["A */ B", "#1", "NA", "Ürsel-2.b", "Ürsel-2.b"])
    assert codes == {"A */ B": "A_B", "#1": "_1", "NA": "NA_", "Ürsel-2.b": "Ürsel-2.b"}
    assert not any(re.search(r"[\s#;*/'\"]", code) for code in codes.values())
    with pytest.raises(Faults, match="'Bo Li' and 'Bo_Li' would both be Bo_Li"):
        histories.make_codes(["Bo Li", "Bo_Li"])
