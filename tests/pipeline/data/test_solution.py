"""The hidden truth: read with checks, or absent."""

import pytest

from pipeline.data.solution import read_solution
from pipeline.params import Columns
from pipeline.system.errors import Faults

COLUMNS = Columns(image="Image", identity="Id", answer="Id", new_whale="unknown")


def test_the_solution_has_the_projects_columns_and_new_whale(tmp_path):
    (tmp_path / "solution.csv").write_text(
        "Image,Id,Usage\n1.jpg,NA,Public\n2.jpg,unknown,Private\n"
    )
    found = read_solution(tmp_path, COLUMNS)
    assert found.values.tolist() == [["1.jpg", "NA", "Public"], ["2.jpg", "new_whale", "Private"]]
    assert found.columns.tolist() == ["image", "identity", "usage"]


def test_a_competition_without_a_solution(tmp_path):
    assert read_solution(tmp_path, COLUMNS) is None


def test_other_columns_are_refused_with_the_name_of_the_file(tmp_path):
    (tmp_path / "solution.csv").write_text("Image,Id\n1.jpg,a\n")
    with pytest.raises(ValueError, match="solution.csv, row 1: columns are"):
        read_solution(tmp_path, COLUMNS)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1.jpg,a,\n", "row 2: has an empty cell"),
        ("1.jpg,a,Public\n1.jpg,b,Private\n", "row 3: 1.jpg is listed already"),
        ("1.jpg,a,public\n", "row 2: Usage 'public' is none of Public, Private, Ignored"),
        ("1.jpg,a,Public,x\n", "row 2: has 4 cells, the header 3"),
    ],
)
@pytest.mark.fault("tables", "a malformed solution.csv", "a message with the file and the row")
def test_a_row_that_could_not_score_an_answer_is_a_fault(rows, message, tmp_path):
    (tmp_path / "solution.csv").write_text("Image,Id,Usage\n" + rows)
    with pytest.raises(Faults, match=message):
        read_solution(tmp_path, COLUMNS)
