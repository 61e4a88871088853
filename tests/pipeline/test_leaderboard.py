"""Hidden scores by hand; a history that only grows."""

import numpy as np
import pandas as pd
import pytest

from pipeline import leaderboard

ANSWERS = pd.DataFrame({"image": ["1", "2", "3"], "ranking": [["a", "b"], ["b", "a"], ["c", "a"]]})
SOLUTION = pd.DataFrame(
    {
        "image": ["3", "1", "2"],
        "identity": ["b", "a", "a"],
        "usage": ["Private", "Public", "Private"],
    }
)


def test_hidden_scores_by_hand():
    """Precisions 1 (public), 1/2 and 0 (private); image 1 is a copy."""
    found = leaderboard.hidden_scores(ANSWERS, SOLUTION, {"1"})
    assert found == {
        "public": 1,
        "private": 0.25,
        "hidden": 0.5,
        "hidden_without_copies": 0.25,
    }


def test_where_nothing_is_hidden_there_is_no_score():
    found = leaderboard.hidden_scores(ANSWERS, None, set())
    assert list(found) == leaderboard.HIDDEN and np.isnan(list(found.values())).all()


def test_all_private_leaves_public_open():
    found = leaderboard.hidden_scores(ANSWERS, SOLUTION.assign(usage="Private"), set())
    assert np.isnan(found["public"]) and found["private"] == found["hidden"] == 0.5


def row(ensemble: str, csv: str, **scores: float) -> pd.DataFrame:
    values = {"date": "d", "commit": "0123", "params": "p", "csv": csv, "ensemble": ensemble}
    return pd.DataFrame([values | scores], columns=leaderboard.COLUMNS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "leaderboard.csv"


def test_the_same_csv_is_added_once(path):
    leaderboard.append(row("card", "x", hidden=0.5), path)
    before = path.read_bytes()
    leaderboard.append(row("card", "x", hidden=0.5), path)
    assert path.read_bytes() == before


def test_the_history_grows_and_keeps_what_it_had(path):
    leaderboard.append(row("card", "x", hidden=0.5), path)
    before = path.read_text()
    leaderboard.append(row("card", "y"), path)
    leaderboard.append(pd.concat([row("card", "y"), row("single", "y", hidden=0.25)]), path)
    leaderboard.append(row("card", "x", hidden=0.5), path)  # back to the first: a new event
    assert path.read_text().startswith(before)
    history = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert history["ensemble"].tolist() == ["card", "card", "single", "card"]
    assert history["csv"].tolist() == ["x", "y", "y", "x"]
    assert history["hidden"].tolist() == ["0.5", "", "0.25", "0.5"]
    assert history["commit"].tolist() == ["0123"] * 4
