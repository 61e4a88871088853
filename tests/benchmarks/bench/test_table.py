"""The table has exactly its columns, and says of the machine what decides the speed."""

import csv
import platform
from pathlib import Path

import pytest

from benchmarks.bench import bench, table
from benchmarks.bench.bench import Sizes
from benchmarks.bench.comparison import Line
from benchmarks.scale import scale
from benchmarks.scale import table as scale_table
from pipeline.system.errors import UserError

LINES = [
    Line("crop", "s wall clock", 120.4, 40.13),
    Line("views, 256 x 512", "views/s of one core's CPU", 100, 512.5),
    Line("match", "", fault="exit code 1: no keypoints"),
]


def test_the_csv_has_its_columns(tmp_path):
    table.write_csv(LINES, ("ec2983e", "abcdef0"), tmp_path / "name.csv")
    columns, crop, views, match = csv.reader((tmp_path / "name.csv").open())
    names = "row unit base here ratio base_commit commit machine versions"
    assert " ".join(columns) == names
    assert crop[:7] == ["crop", "s wall clock", "120", "40.1", "3", "ec2983e", "abcdef0"]
    assert views[2:5] == ["100", "512", "5.12"]
    assert match[:5] == ["match", "", "", "", ""]
    assert crop[8].startswith(f"Python {platform.python_version()}; torch ")


def test_rows_that_are_not_measured_again_stay(tmp_path):
    path = tmp_path / "name.csv"
    table.write_csv(LINES, ("ec2983e", "abcdef0"), path)
    table.write_csv([Line("match", "s CPU", 8, 2)], ("ec2983e", "1234567"), path)
    lines = table.read_csv(path)
    assert [line[0] for line in lines] == ["crop", "views, 256 x 512", "match"]
    assert [line[6] for line in lines] == ["abcdef0", "abcdef0", "1234567"]
    assert lines[2][1:5] == ["s CPU", "8", "2", "4"]


def test_the_machine_has_no_name_and_no_path():
    text = table.describe_machine()
    assert " cores, " in text and " GB, " in text and "/" not in text
    assert not platform.node() or platform.node() not in text


def test_the_printed_table_has_every_row_and_the_faults():
    lines = table.render(LINES).splitlines()
    assert lines[0].split() == ["unit", "base", "here", "ratio"]
    assert lines[1].split() == ["crop", "s", "wall", "clock", "120", "40.1", "3"]
    assert lines[-1] == "match: exit code 1: no keypoints"


def test_an_unknown_row_is_a_user_error_before_anything_runs(monkeypatch):
    monkeypatch.setattr(bench, "check_out", None)
    with pytest.raises(UserError, match=r"there are no rows \['corp'\]: choose from \['start'"):
        list(bench.bench("HEAD", ["corp"], Sizes(60, 1, 1), print))


def test_the_committed_tables_have_the_columns():
    for path in Path(bench.ROOT / bench.FOLDER).glob("*.csv"):
        columns = scale_table.COLUMNS if path == scale.PATH else table.COLUMNS
        with path.open() as file:
            assert next(csv.reader(file)) == columns, path.name
