"""The printed leaderboard and its history, on a hand-made run."""

import json
import subprocess
import sys

import pandas as pd
import pytest

from commands import leaderboard as command
from pipeline.data import tables
from pipeline.leaderboard import history as kept
from tests.conftest import ROOT

CARD = dict.fromkeys(kept.CARD, 0.25) | {"map5": 0.5, "top5": 0.9}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """`card` answered and scored, the other ensembles not; one test image copies a labelled one."""
    text = (ROOT / "tests/params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(text.replace("path: data/demo/photos", "path: photos"))
    (tmp_path / "photos").mkdir()
    solution = "Image,Id,Usage\n1.jpg,a,Public\n2.jpg,new_whale,Private\n"
    (tmp_path / "photos/solution.csv").write_text(solution)
    (tmp_path / "submissions").mkdir()
    answers = "Image,Id\n2.jpg,b new_whale a\n1.jpg,a b new_whale\n"
    (tmp_path / "submissions/card.csv").write_text(answers)
    (tmp_path / "submissions/card.json").write_text(json.dumps(CARD))
    twins = pd.DataFrame([["1.jpg", "t.jpg", "a"]], columns=tables.COLUMNS["duplicates"])
    monkeypatch.chdir(tmp_path)
    tables.write("duplicates", twins, command.paths.DUPLICATES)
    answered("b a")
    return tmp_path


def answered(ranking: str) -> None:
    """The one held-out query's answers, whose truth is a."""
    row = ["q.jpg", 0, 0, "known", "a", "a", 1.0, ranking]
    ranked = pd.DataFrame([row], columns=tables.COLUMNS["rankings"])
    tables.write("rankings", ranked, command.paths.rankings("card"))


def history(run) -> pd.DataFrame:
    return pd.read_csv(run / "submissions/leaderboard.csv", keep_default_na=False)


def test_scores_by_hand(run, capsys):
    """Image 1 is right at once (public, a copy), image 2 at the second place (private)."""
    command.main()
    (row,) = history(run).to_dict("records")
    assert row["ensemble"] == "card" and row["held_out_map5"] == 0.5 and row["top1"] == 0.25
    assert (row["public"], row["private"], row["hidden"]) == (1, 0.5, 0.75)
    assert row["hidden_without_copies"] == 0.5
    printed = capsys.readouterr().out
    assert "submissions/card.csv" in printed and "0.75" in printed
    assert "submissions/leaderboard.csv" in printed


def test_what_is_of_another_run_or_missing_is_left_out_and_told(run, capsys):
    """The rankings say 1/2; a card that says .6 is of another run. Nothing is logged for good."""
    (run / "submissions/card.json").write_text(json.dumps(CARD | {"map5": 0.6}))
    command.main()
    assert "card is left out: submissions/card.json says 0.6" in capsys.readouterr().out
    assert not (run / "submissions/leaderboard.csv").exists()
    command.paths.rankings("card").unlink()
    command.main()
    assert "rankings.csv is not there: run dvc repro" in capsys.readouterr().out
    command.paths.DUPLICATES.unlink()
    with pytest.raises(SystemExit, match="duplicates.csv is not there: run the pipeline first"):
        command.main()


def test_twice_is_once(run):
    command.main()
    command.main()
    assert len(history(run)) == 1


def test_another_csv_is_another_row(run):
    command.main()
    (run / "submissions/card.csv").write_text("Image,Id\n2.jpg,new_whale\n1.jpg,a\n")
    command.main()
    assert history(run)["hidden"].tolist() == [0.75, 1]


def test_a_row_says_what_it_gained_over_the_one_before_and_what_changed(run):
    """The held-out answer moves from the second place to the first."""
    command.main()
    (run / "submissions/card.csv").write_text("Image,Id\n2.jpg,new_whale\n1.jpg,a\n")
    params = (run / "params.yaml").read_text()
    (run / "params.yaml").write_text(params.replace("epochs: 10", "epochs: 4", 1))
    (run / ".dvc/tmp").mkdir(parents=True)
    command.paths.LAST_BUILD.write_text("60")
    answered("a b")
    (run / "submissions/card.json").write_text(json.dumps(CARD | {"map5": 1.0}))
    command.main()
    first, second = history(run).to_dict("records")
    assert first["difference"] == "" and second["difference"] == "0.5"
    assert "-> 4" in second["changed"] and second["seconds"] == "60"
    page = (run / "submissions/leaderboard.html").read_text()
    assert "+0.500 (+0.500 to +0.500)" in page and "1.0 min" in page


def test_without_a_solution_the_hidden_scores_are_open(run):
    (run / "photos/solution.csv").unlink()
    command.main()
    assert history(run)[kept.HIDDEN].iloc[0].tolist() == [""] * 4


def test_the_competitions_word_for_new_is_understood(run):
    for name in ("params.yaml", "photos/solution.csv", "submissions/card.csv"):
        path = run / name
        text = path.read_text().replace("new_whale: new_whale", "new_whale: unknown")
        path.write_text(text if name == "params.yaml" else text.replace("new_whale", "unknown"))
    command.main()
    assert history(run)["hidden"].tolist() == [0.75]


def test_it_runs_from_the_command_line(run):
    asked = [sys.executable, "-m", "commands.leaderboard"]
    done = subprocess.run(
        asked, cwd=run, env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "card" in done.stdout
