"""The line that the closed-set benchmark prints."""

import pandas as pd
import pytest

from benchmarks.closed_set import format_scores
from pipeline import params
from tests.conftest import ROOT


@pytest.fixture
def settings():
    return params.load(ROOT / "tests/params.yaml").evaluation


def test_the_line_has_scores_and_intervals(settings):
    """Right at rank 1, right at rank 2, wrong: top-1 1/3, top-5 2/3, MAP@5 1/2."""
    rows = [("a", ["a", "b"]), ("b", ["a", "b"]), ("c", ["a", "b"])]
    line = format_scores(pd.DataFrame(rows, columns=["identity", "ranking"]), settings)
    assert line.startswith("top1 0.333 (0.000 to ") and "top5 0.667 (" in line
    assert "map5 0.500 (" in line and line.endswith("3 photographs")


def test_all_right_leaves_no_doubt(settings):
    table = pd.DataFrame({"identity": ["a", "b"], "ranking": [["a"], ["b"]]})
    assert format_scores(table, settings) == (
        "top1 1.000 (1.000 to 1.000), top5 1.000 (1.000 to 1.000), map5 1.000 (1.000 to 1.000), "
        "2 photographs"
    )
