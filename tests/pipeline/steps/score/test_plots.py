"""The tables of the plots, by hand."""

import pandas as pd
import pytest

from pipeline.data.gallery import KNOWN, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.score import plots


@pytest.fixture
def folds() -> pd.DataFrame:
    """One part per fold. Outside fold 0: one a, three b; the last b, a pseudo-label, nowhere."""
    rows = [("a", 0, ""), ("a", 1, ""), ("b", 0, ""), *[("b", 1, "")] * 3, ("b", -1, "1")]
    rows += [(NEW_WHALE, 0, ""), ("c", 0, "")]
    table = pd.DataFrame(rows, columns=["identity", "fold", "only_fold"])
    return table.assign(image=[f"{i}.jpg" for i in range(9)], group=range(9), part=0)


@pytest.fixture
def rankings() -> pd.DataFrame:
    rows = [
        ("0.jpg", KNOWN, "a", "b a c"),
        ("2.jpg", KNOWN, "b", "b a c"),
        ("1.jpg", KNOWN, "a", f"{NEW_WHALE} a b"),
        ("7.jpg", UNSEEN, NEW_WHALE, "a b c"),
        ("8.jpg", UNSEEN, NEW_WHALE, f"{NEW_WHALE} b c"),
    ]
    return pd.DataFrame(rows, columns=["image", "kind", "truth", "ranking"])


def test_scores_by_gallery_size_by_hand(rankings, folds):
    table = plots.score_by_gallery_size(rankings, folds, [1, 2, 3, 5, 9]).set_index("photographs")
    assert table.index.tolist() == ["1", "2", "3-4", "5-8", "9 or more"]
    assert table["queries"].tolist() == [2, 0, 1, 0, 0]
    assert table.loc["1", ["map5", "top1"]].tolist() == [0.5, 0]
    assert table.loc["3-4", ["map5", "top1"]].tolist() == [1, 1]
    assert table.loc["2"].isna().sum() == 2


def test_the_diagram_of_first_answers_by_hand(rankings):
    """One right and one wrong of .9, two wrong of .3; an answer from the filler has 0."""
    table = rankings.assign(image=list("vwxyz"), weight=[1.0, 1, 1, 1, 2], cluster=list("vwxyz"))
    rows = [("v", "b", 0.9), ("w", "b", 0.9), ("x", NEW_WHALE, 0.3), ("y", "a", 0.3), ("z", "a", 1)]
    posteriors = pd.DataFrame(rows, columns=["query", "identity", "posterior"])
    diagram = plots.build_first_answer_diagram(table, posteriors, 10)
    assert diagram["probability"].tolist() == pytest.approx([0, 0.3, 0.9])
    assert diagram["frequency"].tolist() == pytest.approx([1, 0, 0.5])
    assert diagram["fraction"].tolist() == pytest.approx([2 / 6, 2 / 6, 2 / 6])
    assert plots.build_first_answer_diagram(table[:3], posteriors, 10).empty  # no new queries


def test_outcomes_by_hand(rankings):
    table = plots.classify_outcomes(rankings)
    assert table["actual"].tolist() == ["known"] * 3 + ["new"] * 2
    assert table["predicted"].tolist() == ["another", "known", "new", "known", "new"]
