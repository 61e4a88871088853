"""The printed comparison with another place."""

import subprocess
import sys

import dvc.api
import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import tables

ROW = {"group": 0, "fold": 0, "kind": "known", "truth": "007", "weight": 1.0}


def rankings(answer: str) -> pd.DataFrame:
    """Two known queries; their names and their truth look like numbers."""
    table = pd.DataFrame({"image": ["001", "002"], "cluster": ["007", "008"], "ranking": answer})
    return table.assign(**ROW)[tables.COLUMNS["rankings"]]


@pytest.fixture(autouse=True)
def run(project):
    tables.write("rankings", rankings("007 b"), paths.rankings("best"))


def test_the_rankings_of_a_revision_are_read_by_dvc(tailprint, monkeypatch):
    calls = []

    def read(path: str, rev: str) -> str:
        calls.append((path, rev))
        return rankings("b 007").to_csv(index=False)

    monkeypatch.setattr(dvc.api, "read", read)
    output = tailprint("compare", "best", "norerank", "--other", "card").output
    assert calls == [(str(paths.rankings("card")), "norerank")]
    assert "all of them of known individuals: this is no MAP@5" in output
    assert "2 common queries: best here 1.0000, card at norerank 0.5000" in output
    assert "gain +0.5000 (+0.5000 to +0.5000)" in output


def test_the_other_place_can_be_a_folder(tailprint, project):
    tables.write("rankings", rankings("b c 007"), project / "there" / paths.rankings("best"))
    assert "gain +0.6667" in tailprint("compare", "best", "there").output


def test_rankings_that_do_not_exist_are_named_with_the_remedy(tailprint):
    result = tailprint("compare", "card", ".")
    assert result.exit_code == 1
    assert "can't compare card with card at .: " in result.output
    assert "card" in result.output and "tailprint run" in result.output


@pytest.mark.fault(
    "identify", "compare with a commit in a repository without commits", "one line, with the places"
)
def test_a_repository_without_commits_has_no_other_place(tailprint, project):
    subprocess.run(["git", "init", "-q", project], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=project, check=True)
    result = tailprint("compare", "best", "nowhere")
    assert result.exit_code == 1 and result.output.startswith("can't compare best with best at")
