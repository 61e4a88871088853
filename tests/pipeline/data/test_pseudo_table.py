"""data/pseudo.csv: numbers are checked, and every fault is named with its row."""

import pytest

from pipeline.data.pseudo_table import COLUMNS, read_pseudo_labels
from pipeline.system.errors import Faults

HEADER = ",".join(COLUMNS) + "\n"


def test_rows_have_numbers_and_the_row_of_the_file(tmp_path):
    (tmp_path / "pseudo.csv").write_text(HEADER + "\na.jpg,007,0.97,2,1,0a1b\n,,,,,\n")
    table = read_pseudo_labels(tmp_path / "pseudo.csv")
    assert table.values.tolist() == [["a.jpg", "007", 0.97, 2, 1, "0a1b"]]
    assert table.index.tolist() == [1]


def test_a_header_alone_has_the_types_of_a_full_table(tmp_path):
    (tmp_path / "pseudo.csv").write_text(HEADER)
    table = read_pseudo_labels(tmp_path / "pseudo.csv")
    assert table.empty and table["confidence"].dtype == float and table["fold"].dtype == int


@pytest.mark.parametrize("value", ["", "NaN", "5", "-0.1", "inf", "0,9", "1e", "true"])
@pytest.mark.fault("tables", "a confidence that is no probability", "a message with the row")
def test_a_confidence_is_a_probability(value, tmp_path):
    (tmp_path / "pseudo.csv").write_text(HEADER + f'a.jpg,w,"{value}",0,1,x\n')
    with pytest.raises(Faults, match=f"pseudo.csv, row 2: confidence '{value}' is no number"):
        read_pseudo_labels(tmp_path / "pseudo.csv")


@pytest.mark.parametrize("value", ["", "-1", "1.0", "x", "1e3", "99999999999999999999", "nan"])
@pytest.mark.parametrize("column", ["fold", "round"])
@pytest.mark.fault("tables", "a fold or a round that is no number", "a message with the row")
def test_folds_and_rounds_are_whole_numbers(column, value, tmp_path):
    row = {"image": "a", "identity": "w", "confidence": "1", "fold": "0", "round": "1"}
    cells = {**row, "partition": "x", column: value}
    (tmp_path / "pseudo.csv").write_text(HEADER + ",".join(cells[name] for name in COLUMNS) + "\n")
    with pytest.raises(Faults, match=f"pseudo.csv, row 2: {column} '{value}' is no whole number"):
        read_pseudo_labels(tmp_path / "pseudo.csv")


def test_all_faults_are_listed_at_once(tmp_path):
    (tmp_path / "pseudo.csv").write_text(HEADER + "a,w,5,x,1,x\nb,w,1,0,1,x,surplus\n")
    with pytest.raises(Faults) as caught:
        read_pseudo_labels(tmp_path / "pseudo.csv")
    assert len(caught.value.faults) == 3
