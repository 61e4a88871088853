"""A submission's predictions, from files that a person may have edited."""

import pytest

from pipeline.data.submission_file import read_submission
from pipeline.system.errors import UserError


@pytest.mark.parametrize("data", ["Image,Id\n1.jpg,a nobody\n", "Image;Id\r\n1.jpg;a nobody;\r\n"])
def test_labels_are_a_list_and_new_individuals_have_the_projects_word(data, tmp_path):
    (tmp_path / "s.csv").write_text(data)
    table = read_submission(tmp_path / "s.csv", "nobody")
    assert table.values.tolist() == [["1.jpg", ["a", "new_whale"]]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Image,Id,Score\n1.jpg,a,1\n", "s.csv: columns are Image, Id, Score"),
        ("Image\n1.jpg\n", "s.csv: columns are Image"),
        ("Image,Image\n1.jpg,a\n", "s.csv: columns are Image, Image"),
        ("", "s.csv: the file is empty"),
        ("Image,Id\n1.jpg,a\n1.jpg,b\n", "s.csv: 1.jpg is listed twice"),
        ("Image,Id\n1.jpg,a,b\n", "s.csv, row 2: has 3 cells"),
    ],
)
@pytest.mark.fault("tables", "a file that is no submission", "a message with the file")
def test_what_is_no_submission_is_refused(text, message, tmp_path):
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        read_submission(tmp_path / "s.csv", "new_whale")
