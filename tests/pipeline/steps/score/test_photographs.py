"""The score of photographs that held-out queries found, by hand."""

import pandas as pd
import pytest

from pipeline import params
from pipeline.steps.score import formats
from pipeline.steps.score.photographs import score_photographs
from tests.conftest import ROOT

EVALUATION = params.load(ROOT / "tests/params.yaml").evaluation
ROWS = [
    ("a0", "a", 0),
    ("a1", "a", 1),
    ("a2", "a", 1),
    ("b0", "b", 0),
    ("b1", "b", 1),
    ("c0", "c", 0),
]
FOLDS = pd.DataFrame(ROWS, columns=["image", "identity", "fold"]).assign(
    group=range(6), only_fold="", part=0
)
FOUND = pd.DataFrame(
    [("a0", "a1"), ("a0", "b1"), ("a0", "a2"), ("b0", "a1"), ("b0", "b1")],
    columns=["query", "photograph"],
)


def build(*kinds: str) -> pd.DataFrame:
    held_out = FOLDS[FOLDS["fold"] == 0].assign(kind=kinds)
    return held_out.assign(truth=held_out["identity"], cluster=held_out["identity"])


def test_by_hand_and_new_individuals_have_nothing_to_find():
    """a0: (1 + 2/3) / 2; b0: 1/2."""
    card = score_photographs(build("known", "known", "unseen"), FOUND, FOLDS, EVALUATION)
    assert card["map20"] == pytest.approx((5 / 6 + 1 / 2) / 2, abs=1e-5)
    assert 0.5 <= card["map20_low"] <= card["map20"] <= card["map20_high"] <= 0.83334
    (line,) = formats.describe("card", "photographs", card)
    assert line.startswith("score card: held-out MAP@20 of photographs 0.667 (")


@pytest.mark.fault(
    "evaluation", "photographs of a single known individual", "no score, and the card says why"
)
def test_one_individual_is_no_sample():
    card = score_photographs(build("known", "unseen", "unseen"), FOUND, FOLDS, EVALUATION)
    assert card["map20"] is None and "fewer than two known" in card["not_measured_map20"]
    (line,) = formats.describe("card", "photographs", card)
    assert line.endswith("fewer than two known individuals")
