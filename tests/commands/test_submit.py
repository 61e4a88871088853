"""What would be sent to kaggle.com, and what is done with the answer; the client is a stand-in."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from commands import submit
from pipeline import paths
from pipeline.data import tables
from pipeline.leaderboard import history
from tests.conftest import ROOT

LINES = "Image,Id\n2.jpg,a new_whale\n1.jpg,new_whale a\n"


class Client:
    """Takes a file, and scores it when it is asked the third time."""

    def __init__(self, *states: str, fault: Exception | None = None, ref: int = 7) -> None:
        self.states, self.fault, self.sent, self.ref = list(states), fault, [], ref

    def competition_submit(self, file: str, message: str, slug: str, quiet: bool):
        if self.fault:
            raise self.fault
        self.sent.append((file, message, slug))
        return SimpleNamespace(ref=self.ref, message="the client's words")

    def competition_submissions(self, slug: str) -> list:
        if self.states[0] == "BROKEN":
            raise OSError(self.states.pop(0))
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        told = {"public_score": "0.81", "private_score": "", "error_description": "not a CSV"}
        own = SimpleNamespace(ref=7, status=SimpleNamespace(name=state), **told)
        other = SimpleNamespace(ref=6, status=SimpleNamespace(name="COMPLETE"), public_score="9")
        return [other, own]


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """`card` is on the leaderboard with a submission of two answers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(submit, "PAUSE", 0.0)
    settings = (ROOT / "tests/params.yaml").read_text()
    settings = settings.replace("source: directory", "source: kaggle")
    settings = settings.replace("path: data/demo/photos", "path: data/kaggle")
    (tmp_path / "params.yaml").write_text(settings)
    tables.write_csv(pd.DataFrame({"image": ["2.jpg", "1.jpg"]}), paths.SAMPLE)
    folds = pd.DataFrame([["x.jpg", "a", 0, "", 0]], columns=tables.COLUMNS["folds"])
    tables.write("folds", folds, paths.FOLDS)
    write(LINES)


def write(lines: str) -> None:
    csv = paths.submission("card")
    csv.parent.mkdir(exist_ok=True)
    csv.write_text(lines)
    row = {"ensemble": "card", "csv": submit.digest(csv)}
    history.append(pd.DataFrame([row], columns=history.COLUMNS), paths.LEADERBOARD)


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(capsys):
    client = Client("COMPLETE")
    submit.main("card", "first try", True, 1, client)
    said = capsys.readouterr().out
    assert "to: https://www.kaggle.com/c/humpback-whale-identification" in said
    assert "message: first try" in said and "2 answers" in said
    assert "  2.jpg,a new_whale" in said and "nothing was sent" in said
    assert client.sent == []


def test_a_folder_of_photographs_is_sent_to_no_competition_but_a_named_one(capsys):
    """The demo's answers are nothing that the humpback competition should get."""
    Path("params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    client = Client("COMPLETE")
    with pytest.raises(SystemExit, match="source: directory.*add --slug NAME"):
        submit.main("card", "first try", False, 1, client)
    assert client.sent == []
    submit.main("card", "first try", False, 1, client, slug="whales")
    assert client.sent[0][2] == "whales"


def test_the_score_that_comes_back_is_written(capsys):
    client = Client("PENDING", "PENDING", "COMPLETE")
    submit.main("card", "first try", False, 60, client)
    (sent,) = client.sent
    assert sent == ("submissions/card.csv", "first try", "humpback-whale-identification")
    assert history.read(paths.LEADERBOARD)["kaggle_public"].tolist() == ["0.81"]
    assert "public 0.81, private not told yet" in capsys.readouterr().out


def test_a_silent_kaggle_is_asked_again(capsys):
    submit.main("card", "first try", False, 60, Client("BROKEN", "COMPLETE"))
    assert "did not answer: BROKEN" in capsys.readouterr().out
    assert history.read(paths.LEADERBOARD)["kaggle_public"].tolist() == ["0.81"]


def test_the_score_of_what_was_sent_before_needs_no_second_upload():
    """Though another one was built meanwhile: the score is that of the row that was sent."""
    with pytest.raises(SystemExit, match="sent, but not scored"):
        submit.main("card", "m", False, 0, Client("PENDING"))
    write(LINES.replace("a new_whale", "new_whale a"))
    client = Client("COMPLETE")
    submit.main("card", "", False, 60, client, ref=7)
    assert client.sent == []
    assert history.read(paths.LEADERBOARD)["kaggle_public"].tolist() == ["0.81", ""]


def test_a_number_that_was_never_sent_from_here_is_refused():
    with pytest.raises(SystemExit, match="has no row that was sent as number 7"):
        submit.main("card", "", False, 60, Client("COMPLETE"), ref=7)


def test_a_dry_run_asks_for_no_score(capsys):
    history.sent("card", history.read(paths.LEADERBOARD)["csv"][0], 7, paths.LEADERBOARD)
    submit.main("card", "", True, 60, Client("COMPLETE"), ref=7)
    assert "nothing was sent" in capsys.readouterr().out
    assert history.read(paths.LEADERBOARD)["kaggle_public"].tolist() == [""]


@pytest.mark.parametrize(
    ("client", "told"),
    [
        (Client("PENDING"), "sent, but not scored after 0 seconds"),
        (Client("ERROR"), "could not score it: not a CSV"),
        (Client("COMPLETE", ref=0), "did not take .*: the client's words"),
        (Client("COMPLETE", fault=OSError("403 Forbidden")), "did not take .*: 403 Forbidden"),
    ],
)
def test_what_goes_wrong_is_told(client, told):
    with pytest.raises(SystemExit, match=told):
        submit.main("card", "m", False, 0, client)
    assert history.read(paths.LEADERBOARD)["kaggle_public"].tolist() == [""]


def test_without_a_token_the_way_to_one_is_told(monkeypatch):
    def refused(otherwise: str):
        raise submit.Faults("kaggle.com", ["there is no token" + otherwise])

    monkeypatch.setattr(submit, "connect", refused)
    with pytest.raises(SystemExit, match="no token. Or upload submissions/card.csv by hand"):
        submit.main("card", "m", False, 1)


def test_a_file_that_was_edited_is_not_sent():
    write(LINES.replace("a new_whale", "a b"))
    with pytest.raises(SystemExit, match=r"was not sent: 2.jpg: \['a', 'b'\] is not 2 distinct"):
        submit.main("card", "m", True, 1)


def test_what_is_not_on_the_leaderboard_is_not_sent():
    paths.submission("card").write_text(LINES + "\n")
    with pytest.raises(SystemExit, match="is not on the leaderboard: run python -m"):
        submit.main("card", "m", True, 1)
    with pytest.raises(SystemExit, match="best.csv is not there: run the pipeline first"):
        submit.main("best", "m", True, 1)
    with pytest.raises(SystemExit, match="no ensemble 'bset'"):
        submit.main("bset", "m", True, 1)
