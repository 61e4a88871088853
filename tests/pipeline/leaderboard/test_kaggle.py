"""What is sent to kaggle.com, and what is done with the answer; the client is a stand-in."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import tables
from pipeline.leaderboard import history, kaggle
from pipeline.leaderboard.history import digest
from pipeline.system.errors import UserError
from tests.conftest import ROOT, write_columns

LINES = "Image,Id\n2.jpg,a new_whale\n1.jpg,new_whale a\n"


class Client:
    """Accepts a file, and answers requests for its score with the given states."""

    def __init__(self, *states: str, fault: Exception | None = None, ref: int = 7) -> None:
        self.states, self.fault, self.sent, self.ref = list(states), fault, [], ref

    def competition_submit(self, file: str, message: str, slug: str, quiet: bool):
        if self.fault:
            raise self.fault
        self.sent.append((file, message, slug))
        return SimpleNamespace(ref=self.ref, message="the answer")

    def competition_submissions(self, slug: str) -> list:
        if self.states[0] == "BROKEN":
            raise OSError(self.states.pop(0))
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        scores = {"public_score": "0.81", "private_score": "", "error_description": "not a CSV"}
        own = SimpleNamespace(ref=7, status=SimpleNamespace(name=state), **scores)
        other = SimpleNamespace(ref=6, status=SimpleNamespace(name="COMPLETE"), public_score="9")
        return [other, own]


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """`card` is on the leaderboard with a submission of two answers."""
    monkeypatch.chdir(tmp_path)
    write_columns()
    monkeypatch.setattr(kaggle, "PAUSE", 0.0)
    settings = (ROOT / "tests/params.yaml").read_text()
    settings = settings.replace("source: directory", "source: kaggle")
    settings = settings.replace("path: data/demo/photos", "path: data/kaggle")
    (tmp_path / "params.yaml").write_text(settings)
    tables.write_csv(pd.DataFrame({"image": ["2.jpg", "1.jpg"]}), paths.SAMPLE)
    folds = pd.DataFrame([["x.jpg", "a", 0, "", 0, 0]], columns=tables.COLUMNS["folds"])
    tables.write("folds", folds, paths.FOLDS)
    write(LINES)


def write(lines: str) -> None:
    csv = paths.submission("card")
    csv.parent.mkdir(exist_ok=True)
    csv.write_text(lines)
    row = {"ensemble": "card", "csv": digest(csv)}
    history.append(pd.DataFrame([row], columns=history.COLUMNS), paths.LEADERBOARD)


def prepare(ensemble: str = "card", slug: str = "") -> kaggle.Upload:
    return kaggle.prepare(ensemble, params.load(), slug)


def submit(client: Client, seconds: float = 60, ref: int = 0) -> dict[str, str]:
    return kaggle.submit(prepare(), "first try", seconds, ref, client)


def public_scores() -> list[str]:
    return history.read(paths.LEADERBOARD)["kaggle_public"].tolist()


def test_the_description_has_what_is_sent():
    text = prepare().describe("first try")
    assert "to: https://www.kaggle.com/c/humpback-whale-identification" in text
    assert "message: first try" in text and "2 answers" in text
    assert "  2.jpg,a new_whale" in text


def test_a_folder_of_photographs_needs_the_name_of_a_competition():
    """The demo's answers are no submission to the humpback competition."""
    Path("params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    with pytest.raises(UserError, match="source: directory.*add --slug NAME"):
        prepare()
    assert prepare(slug="whales").slug == "whales"


def test_the_score_that_comes_back_is_written():
    client = Client("PENDING", "PENDING", "COMPLETE")
    scores = submit(client)
    (sent,) = client.sent
    assert sent == ("submissions/card.csv", "first try", "humpback-whale-identification")
    assert public_scores() == ["0.81"]
    assert scores == {"kaggle_public": "0.81", "kaggle_private": ""}


def test_a_failed_request_for_the_score_is_repeated(caplog):
    submit(Client("BROKEN", "COMPLETE"))
    assert "did not answer: BROKEN" in caplog.text
    assert public_scores() == ["0.81"]


def test_the_score_of_an_earlier_upload_needs_no_second_one():
    """Another one was built meanwhile: the score is that of the row that was sent."""
    with pytest.raises(UserError, match="sent, but not scored"):
        submit(Client("PENDING"), seconds=0)
    write(LINES.replace("a new_whale", "new_whale a"))
    client = Client("COMPLETE")
    kaggle.check(prepare(), 7)
    submit(client, ref=7)
    assert client.sent == []
    assert public_scores() == ["0.81", ""]


def test_a_number_that_was_never_sent_from_here_is_refused():
    with pytest.raises(UserError, match="has no row that was sent as number 7"):
        kaggle.check(prepare(), 7)


@pytest.mark.parametrize(
    ("client", "reason"),
    [
        (Client("PENDING"), "sent, but not scored after 0 seconds"),
        (Client("ERROR"), "could not score it: not a CSV"),
        (Client("COMPLETE", ref=0), "did not accept .*: the answer"),
        (Client("COMPLETE", fault=OSError("403 Forbidden")), "did not accept .*: 403 Forbidden"),
    ],
)
def test_a_failure_is_reported_with_its_reason(client, reason):
    with pytest.raises(UserError, match=reason):
        submit(client, seconds=0)
    assert public_scores() == [""]


def test_without_a_token_the_way_to_one_is_named(monkeypatch):
    def refuse(otherwise: str):
        raise kaggle.Faults("kaggle.com", ["there is no token" + otherwise])

    monkeypatch.setattr(kaggle, "connect_client", refuse)
    with pytest.raises(UserError, match="no token. Or upload submissions/card.csv by hand"):
        kaggle.submit(prepare(), "first try", 1)


def test_a_file_that_breaks_the_rules_is_refused():
    write(LINES.replace("a new_whale", "a b"))
    with pytest.raises(UserError, match=r"was not sent: 2.jpg: \['a', 'b'\] is not 2 distinct"):
        kaggle.check(prepare(), 0)


def test_a_file_that_is_not_on_the_leaderboard_is_refused():
    paths.submission("card").write_text(LINES + "\n")
    with pytest.raises(UserError, match="is not on the leaderboard: run tailprint leaderboard"):
        kaggle.check(prepare(), 0)


def test_an_ensemble_that_is_unknown_or_has_not_run_is_refused():
    with pytest.raises(UserError, match="best.csv does not exist: run the pipeline first"):
        prepare("best")
    with pytest.raises(UserError, match="no ensemble bset"):
        prepare("bset")


def test_ranked_photographs_are_of_no_competition_at_kaggle(project, tmp_path):
    settings = (tmp_path / "params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(settings.replace("format: map5", "format: photographs"))
    with pytest.raises(UserError, match=r"send submissions/card.csv by hand"):
        kaggle.prepare("card", params.load())
