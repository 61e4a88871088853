"""answers.csv as Tailprint writes it, and as people save it again."""

import pandas as pd
import pytest

from pipeline.exchange import named_folder
from pipeline.system.errors import UserError


def save(folder, change, **dialect):
    """Write answers.csv again, changed as a table of texts."""
    path = folder / "answers.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    change(table)
    table.to_csv(path, index=False, **dialect)


def test_a_spreadsheet_with_semicolons_and_decimal_commas(answers):
    before = named_folder.read(answers).answers

    def put_commas(table):
        for column in table:
            if column.startswith(("probability", "new_prob", "box")):
                table[column] = table[column].str.replace(".", ",")

    save(answers, put_commas, sep=";", encoding="utf-8-sig")
    assert named_folder.read(answers).answers == before
    assert before[0].candidates == (("Anna", 0.9), ("007", 0.05))


@pytest.mark.parametrize("text", ["", "sure", "90", "nan"])
def test_a_name_without_a_probability_is_a_fault(answers, text):
    def enter(table):
        table.loc[3, ["result", "name_1", "probability_1"]] = ["known", "Bo", text]

    save(answers, enter)
    with pytest.raises(UserError) as error:
        named_folder.read(answers)
    assert f"row 5: probability_1 of Bo is {text!r}, not a number from 0 to 1" in str(error.value)


def test_a_column_that_is_missing_is_named(answers):
    save(answers, lambda table: table.pop("result"))
    with pytest.raises(UserError, match="result"):
        named_folder.read(answers)
