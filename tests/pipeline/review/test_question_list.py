"""A table of questions, and what is no such table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.review.question_list import choose, find_originals, read_questions
from pipeline.review.state import COLUMNS
from pipeline.system.errors import Faults

IMAGES = pd.Series(["00.jpg", "gallery.jpg", "01.jpg"])


def write(text: str) -> Path:
    path = Path("pairs.csv")
    path.write_text(text)
    return path


def test_a_file_with_two_columns_keeps_its_order():
    table = read_questions(
        write("other,photograph\n01.jpg,00.jpg\n00.jpg,gallery.jpg\n01.jpg,00.jpg\n"), IMAGES
    )
    assert table.columns.tolist() == COLUMNS
    assert table["photograph"].tolist() == ["00.jpg", "gallery.jpg"]
    assert table["probability"].isna().all() and table["reason"].tolist() == ["", ""]


def test_numbers_and_reasons_are_read():
    table = read_questions(
        write("photograph,other,probability,reason,more\n00.jpg,01.jpg,.25,'=why,x\n"), IMAGES
    )
    assert table["probability"].tolist() == [0.25] and np.isnan(table["gain"][0])
    assert table["reason"].tolist() == ["=why"]


def test_every_row_that_is_no_question_is_named():
    text = "photograph,other,gain\n00.jpg,none.jpg,1\n00.jpg,00.jpg,1\n00.jpg,01.jpg,much\n"
    with pytest.raises(Faults) as error:
        read_questions(write(text), IMAGES)
    assert error.value.faults == [
        "row 2: there is no photograph 'none.jpg'",
        "row 3: 00.jpg is paired with itself",
        "row 4: gain 'much' is no number",
    ]


def test_a_file_without_the_columns_is_refused():
    with pytest.raises(Faults, match="other"):
        read_questions(write("photograph\n00.jpg\n"), IMAGES)


def test_the_questions_of_a_file_are_asked_whatever_was_answered():
    questions = choose(write("photograph,other\n00.jpg,01.jpg\n"), "lite0", [0])
    assert questions(None)["other"].tolist() == ["01.jpg"]


def test_the_first_of_duplicates_stands_for_all():
    groups = pd.DataFrame({"image": list("abcd"), "group": [0, 1, 0, 3]})
    assert find_originals(groups) == {"a": "a", "c": "a"}
    assert find_originals(groups[:2]) == {}
