"""A history that only grows."""

import pandas as pd
import pytest

from pipeline.leaderboard import history
from pipeline.system.errors import UserError


def row(ensemble: str, csv: str, **scores: float) -> pd.DataFrame:
    values = {"date": "d", "commit": "0123", "params": "p", "csv": csv, "ensemble": ensemble}
    return pd.DataFrame([values | scores], columns=history.COLUMNS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "leaderboard.csv"


def test_the_same_csv_is_added_once(path):
    history.append(row("card", "x", hidden=0.5), path)
    before = path.read_bytes()
    history.append(row("card", "x", hidden=0.5), path)
    assert path.read_bytes() == before


def test_the_history_grows_and_keeps_its_rows(path):
    history.append(row("card", "x", hidden=0.5), path)
    before = path.read_text()
    history.append(row("card", "y"), path)
    history.append(pd.concat([row("card", "y"), row("single", "y", hidden=0.25)]), path)
    history.append(row("card", "x", hidden=0.5), path)  # back to the first: a new event
    assert path.read_text().startswith(before)
    past = history.read(path)
    assert past["ensemble"].tolist() == ["card", "card", "single", "card"]
    assert past["csv"].tolist() == ["x", "y", "y", "x"]
    assert past["hidden"].tolist() == ["0.5", "", "0.25", "0.5"]
    assert past["commit"].tolist() == ["0123"] * 4
    assert history.find_last_csvs(past) == {"card": "x", "single": "y"}


def test_a_history_with_fewer_columns_is_continued(path):
    path.write_text("date,csv,ensemble,hidden\nd,0012,card,0.5\n")
    history.append(row("card", "y", hidden=0.75), path)
    past = history.read(path)
    assert past.columns.tolist() == history.COLUMNS
    assert past["csv"].tolist() == ["0012", "y"] and past["hidden"].tolist() == ["0.5", "0.75"]
    assert past["difference"].tolist() == ["", ""]


def test_kaggles_scores_go_to_the_row_that_was_sent(path):
    """The ensemble's last row of that CSV, whatever is built before the score arrives."""
    for ensemble, csv in (("card", "x"), ("card", "y"), ("card", "x"), ("single", "x")):
        history.append(row(ensemble, csv), path)
    history.record_upload("card", "x", 7, path)
    history.append(row("card", "later"), path)
    history.record_scores(7, {"kaggle_public": "0.9", "kaggle_private": ""}, path)
    assert history.read(path)["kaggle_public"].tolist() == ["", "", "0.9", "", ""]
    with pytest.raises(ValueError, match="no row of card, z: run tailprint leaderboard"):
        history.record_upload("card", "z", 8, path)
    with pytest.raises(ValueError, match="no row that was sent as number 8"):
        history.record_scores(8, {}, path)


def test_two_ensembles_with_one_csv_have_different_keys(path):
    history.append(pd.concat([row("card", "x"), row("single", "x")]), path)
    keys = history.find_last_keys(history.read(path))
    assert keys == {"card": "card-x-p", "single": "single-x-p"}


def test_without_a_file_there_is_no_history(path):
    assert history.read(path).empty and history.find_last_csvs(history.read(path)) == {}


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "csv,ensemble\n1,2,3\n", 'csv,ensemble\n"1,2\n', "csv,csv\n"]
)
@pytest.mark.fault("tables", "a malformed leaderboard.csv", "a message with the file")
def test_a_malformed_history_is_named_and_not_written(path, text):
    path.write_text(text)
    with pytest.raises(UserError, match="leaderboard.csv"):
        history.append(row("card", "x"), path)
    assert path.read_text() == text
