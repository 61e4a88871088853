"""Answers as Timelapse imports them: by its rules for columns, and read back as a catalogue."""

import csv

from pipeline.exchange import catalogues, timelapse

TEMPLATE = {"File", "RelativePath", "DateTime", "DeleteFlag", *timelapse.FIELDS}


def read_rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_all_columns_are_fields_of_the_template_or_passed_over(named, tmp_path):
    text = timelapse.export(named, tmp_path / "t.csv")
    rows = read_rows(tmp_path / "t.csv")
    assert set(rows[0]) - TEMPLATE == {"RootFolder"}
    assert text.startswith("6 rows. The template needs the fields Individual, ")


def test_a_photograph_is_found_by_its_folder_and_its_name(named, tmp_path):
    timelapse.export(named, tmp_path / "t.csv")
    rows = read_rows(tmp_path / "t.csv")
    places = [(row["RootFolder"], row["RelativePath"], row["File"]) for row in rows]
    assert places[0] == places[1] == ("new", "cam1", "a.png")
    assert places[4] == ("new", "", "c.png")
    assert timelapse.describe(named.answers[0])[2] == "cam1"


def test_only_an_answer_with_a_name_has_an_individual(named, tmp_path):
    timelapse.export(named, tmp_path / "t.csv")
    rows = read_rows(tmp_path / "t.csv")
    values = [
        (row["Individual"], row["IndividualProbability"], row["UnknownGroup"]) for row in rows
    ]
    assert values == [
        *(("Anna", "0.9000", ""), ("007", "0.8000", ""), ("", "", "1"), ("", "", "")),
        *(("=1+1", "1.0000", ""), ("", "", "")),
    ]
    assert rows[3]["Candidates"] == "Anna 0.45; 007 0.15"


def test_what_is_written_is_read_again(named, tmp_path):
    timelapse.export(named, tmp_path / "t.csv")
    table = catalogues.read(tmp_path / "t.csv", tmp_path / "new")
    names = [(path.name, name) for path, name in zip(table["path"], table["name"], strict=True)]
    assert names == [("a.png", "Anna"), ("a.png", "007"), ("c.png", "=1+1")]
