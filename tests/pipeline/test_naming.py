import numpy as np
import pandas as pd
import pytest

from pipeline.naming import chances, shortlist


def test_mean_similarity_over_the_members_that_have_the_photograph():
    first = pd.Series({"a": 0.9, "b": 0.5, "c": 0.6})
    second = pd.Series({"a": 0.1, "b": 0.7})
    found = shortlist([first, second], 2)
    assert found.to_dict() == pytest.approx({"b": 0.6, "c": 0.6})
    assert list(found.index) == ["b", "c"]  # a tie goes by name


def test_chances_by_hand():
    # two of four known were looked at, prior .2 each; new .2. Evidence 3 for a (its best), 1 for b
    looked = pd.DataFrame(
        [("a", np.log(3)), ("a", np.log(0.1)), ("b", 0.0)], columns=["identity", "evidence"]
    )
    told = chances(looked, 4, 0.2)
    assert told.to_dict() == pytest.approx({"a": 0.6, "b": 0.2, "new_whale": 0.2})
    assert list(told.index)[0] == "a"


def test_strong_evidence_does_not_overflow():
    looked = pd.DataFrame([("a", 900.0), ("b", -900.0)], columns=["identity", "evidence"])
    told = chances(looked, 2, 0.3)
    assert told["a"] == 1.0 and told["b"] == 0.0 and told.sum() == pytest.approx(1)


def test_nobody_known_is_new():
    empty = pd.DataFrame(columns=["identity", "evidence"])
    assert chances(empty, 0, 0.3).to_dict() == {"new_whale": 1.0}
