"""No text of our tables is a formula in a spreadsheet, and each is read back exactly."""

from itertools import product

import pandas as pd
import pytest

from pipeline.data import spreadsheet, tables
from pipeline.data.pseudo_table import read_pseudo_labels
from pipeline.leaderboard import history

FORMULAS = [
    "=1+1",
    "+49",
    "-anna",
    "@x",
    "\tx",
    "\rx",
    "\nx",
    "＝1+1",
    "'=1",
    "''-x",
    "-",
    "=",
    "-1-1",
]
TEXTS = ["anna", "", "'", "'anna", "a=b", "007", "NA", "w_1 -x", "5", "1e9"]


@pytest.mark.fault(
    "tables",
    "an individual or photograph is called like a formula of a spreadsheet",
    "an apostrophe stands before it in every CSV that people open",
)
@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_written_with_an_apostrophe(text):
    assert spreadsheet.defuse_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", TEXTS)
def test_another_text_stays(text):
    assert spreadsheet.defuse_cell(text) == text


def test_every_text_is_read_back_exactly():
    texts = [*FORMULAS, *TEXTS, *map("".join, product("'=-1a", repeat=4))]
    assert [spreadsheet.restore_cell(spreadsheet.defuse_cell(text)) for text in texts] == texts


def test_a_text_that_a_person_wrote_without_an_apostrophe_is_read_as_it_is():
    assert spreadsheet.restore_cell("=1+1") == "=1+1"


@pytest.mark.parametrize("text", FORMULAS)
def test_a_column_with_one_formula_may_change(text):
    for written in (text, spreadsheet.defuse_cell(text)):
        assert spreadsheet.may_change(pd.Series(["anna", written, ""], dtype="str"))


def test_a_column_of_names_stays_as_it_is():
    column = pd.Series(["anna", "", "w_1", None], dtype="str")
    assert not spreadsheet.may_change(column)
    table = pd.DataFrame({"image": column})
    assert spreadsheet.defuse(table).equals(table) and spreadsheet.restore(table).equals(table)


NAMES = ["=1+1", "'=1+1", "-anna", "w_1"]


def test_a_table_is_read_back_exactly(tmp_path):
    table = pd.DataFrame({"image": NAMES, "identity": NAMES[::-1], "group": [-1, 2, 3, 4]})
    table = table.assign(provenance="@", only_fold="")
    path = tmp_path / "labels.csv"
    tables.write("labels", table, path)
    assert [row.split(",")[0] for row in path.read_text().splitlines()[1:]] == [
        "'=1+1", "''=1+1", "'-anna", "w_1"
    ]  # fmt: skip
    pd.testing.assert_frame_equal(tables.read("labels", path), table, check_dtype=False)


def test_pseudo_labels_are_read_back_exactly(tmp_path):
    table = pd.DataFrame({"image": NAMES, "identity": NAMES, "confidence": 0.5, "fold": 0})
    table = table.assign(round=1, partition="")
    tables.write("pseudo", table, tmp_path / "pseudo.csv")
    assert "\n'=1+1,'=1+1,0.5," in (tmp_path / "pseudo.csv").read_text()
    assert read_pseudo_labels(tmp_path / "pseudo.csv")["identity"].tolist() == NAMES


def test_the_leaderboard_keeps_its_numbers_and_is_read_back_exactly(tmp_path):
    row = dict.fromkeys(history.COLUMNS, "") | {"ensemble": "=best", "csv": "a", "low": "-0.01"}
    path = tmp_path / "leaderboard.csv"
    history.append(pd.DataFrame([row]), path)
    history.append(pd.DataFrame([row | {"csv": "b"}]), path)
    assert ",'=best," in path.read_text() and ",-0.01," in path.read_text()
    assert history.read(path)["ensemble"].tolist() == ["=best", "=best"]


def test_a_table_without_such_texts_is_written_as_before(tmp_path):
    table = pd.DataFrame({"image": ["a.jpg", None], "x": [-1.5, float("nan")], "y": [True, False]})
    tables.write_csv(spreadsheet.defuse(table), tmp_path / "new.csv")
    tables.write_csv(table, tmp_path / "old.csv")
    assert (tmp_path / "new.csv").read_bytes() == (tmp_path / "old.csv").read_bytes()
