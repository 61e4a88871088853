"""The study's runner around runs that take no time: what it keeps, skips and writes."""

import json
import shutil
import subprocess
from pathlib import Path

import cv2
import pandas as pd
import pytest
from ruamel.yaml import YAML

from commands import ablate
from pipeline import paths
from pipeline.data import tables
from tests.conftest import ROOT
from tests.pipeline.evaluation.test_ablation_study import rankings

STUDY = """\
preset: study-demo
ensemble: study
seeds: [3, 4]
edits:
  good: {train.pooling: average}
  bad: {train.bnneck: false}
"""


@pytest.fixture
def runs(tmp_path, monkeypatch) -> list[tuple]:
    """A project with one study; repro answers by the params that it finds, and is listed."""
    monkeypatch.chdir(tmp_path)
    Path("presets/studies").mkdir(parents=True)
    Path("presets/study-demo.yaml").write_text((ROOT / "presets/study-demo.yaml").read_text())
    Path("presets/studies/tiny.yaml").write_text(STUDY)
    ablate.PAGE.parent.mkdir(parents=True)
    ablate.PAGE.write_text("before\n<!-- study tiny -->\nold\n<!-- end of study tiny -->\nafter\n")
    monkeypatch.setattr(ablate, "prepare", lambda clone: clone.mkdir(parents=True))
    monkeypatch.setattr(ablate, "commit", lambda clone: "abc")
    done = []

    def repro(command, cwd, check):
        train = YAML(typ="safe").load((cwd / "params.yaml").read_text())["train"]
        done.append((train["pooling"], train["bnneck"], train["seed"]))
        known = {"average": "a b", "gem": "b a"}[train["pooling"]]
        new = "new_whale a" if train["bnneck"] else "a b"
        tables.write("rankings", rankings(known, new), cwd / paths.rankings("study"))

    monkeypatch.setattr(subprocess, "run", repro)
    return done


def test_every_edit_at_every_seed_beside_the_base(runs, capsys):
    ablate.main("tiny", [])
    assert runs == [
        *[("gem", True, seed) for seed in (3, 4)],
        *[("average", True, seed) for seed in (3, 4)],
        *[("gem", False, seed) for seed in (3, 4)],
    ]
    table = pd.read_csv(ablate.OUT / "tiny.csv").set_index("edit")
    prior = 0.276
    assert table["difference"].tolist() == pytest.approx([(1 - prior) / 2, -prior], abs=1e-4)
    assert (table["seeds"] == 2).all() and (table["seconds"] >= 0).all()
    page = ablate.PAGE.read_text()
    assert page.startswith("before\n<!-- study tiny -->\n| edit |") and "old" not in page
    assert (
        page.endswith("<!-- end of study tiny -->\nafter\n")
        and "| good | 1.000 | .638 | +.362 " in page
    )
    assert cv2.imread(str(ablate.OUT / "tiny.png")).shape[0] > 100
    assert "good: +0.362" in capsys.readouterr().out


def test_what_is_done_is_not_run_again_and_other_settings_are(runs):
    ablate.main("tiny", ["good"])
    assert len(runs) == 4
    ablate.main("tiny", [])
    assert len(runs) == 6 and set(pd.read_csv(ablate.OUT / "tiny.csv")["edit"]) == {"good", "bad"}
    study = Path("presets/studies/tiny.yaml")
    study.write_text(STUDY.replace("bnneck: false", "bnneck: false, train.epochs: 9"))
    ablate.main("tiny", [])
    assert len(runs) == 8 and len(pd.read_csv(ablate.OUT / "tiny.csv")) == 2
    ablate.main("tiny", [])
    assert len(runs) == 8


def test_rows_can_be_accepted_as_of_the_settings_of_now(runs, capsys):
    """After a new switch that is off: nothing is run again, and no figure changes."""
    ablate.main("tiny", [])
    before = pd.read_csv(ablate.OUT / "tiny.csv")
    preset = Path("presets/study-demo.yaml")
    preset.write_text(preset.read_text().replace("lists: 64", "lists: 65"))
    ablate.accept("tiny")
    assert "2 rows" in capsys.readouterr().out
    after = pd.read_csv(ablate.OUT / "tiny.csv")
    assert (after["settings"] != before["settings"]).all()
    pd.testing.assert_frame_equal(after.drop(columns="settings"), before.drop(columns="settings"))
    ablate.main("tiny", [])
    assert len(runs) == 6 and "has all edits" in capsys.readouterr().out


def test_an_interrupted_run_is_no_run(runs, monkeypatch):
    """The facts are written last: without them the run is made anew."""
    ablate.main("tiny", ["good"])
    told = Path(".dvc/tmp/ablate/tiny/runs/good-3.json")
    assert json.loads(told.read_text())["params"]["train"]["seed"] == 3
    told.unlink()
    ablate.main("tiny", ["good"])
    assert runs[4:] == [("average", True, 3)]


def test_unknown_names_are_told(runs):
    with pytest.raises(SystemExit, match="there is no presets/studies/absent.yaml"):
        ablate.main("absent", [])
    with pytest.raises(SystemExit, match=r"has no edits \['goood'\], only \['good', 'bad'\]"):
        ablate.main("tiny", ["goood"])
    assert not runs


def test_an_edit_that_fails_stops_no_other(runs, monkeypatch):
    repro = subprocess.run

    def failing(command, cwd, check):
        if not YAML(typ="safe").load((cwd / "params.yaml").read_text())["train"]["bnneck"]:
            raise subprocess.CalledProcessError(1, command)
        repro(command, cwd, check)

    monkeypatch.setattr(subprocess, "run", failing)
    study = Path("presets/studies/tiny.yaml")
    study.write_text(STUDY.replace("  good", "  later"))
    with pytest.raises(SystemExit, match=r"failed, and not in the table: \['bad'\]"):
        ablate.main("tiny", ["bad", "later"])
    assert pd.read_csv(ablate.OUT / "tiny.csv")["edit"].tolist() == ["later"]


def test_a_clone_of_another_commit_is_refused(runs, monkeypatch):
    monkeypatch.setattr(ablate, "commit", lambda place: "new" if place == Path() else "old")
    with pytest.raises(SystemExit, match="tiny is of commit old, this project at new: delete"):
        ablate.main("tiny", [])
    assert not runs


def test_rows_of_another_edit_or_base_leave_the_table(runs):
    ablate.main("tiny", [])
    study = Path("presets/studies/tiny.yaml")
    study.write_text(STUDY.replace("  bad", "  worse"))
    ablate.main("tiny", ["worse"])
    assert set(pd.read_csv(ablate.OUT / "tiny.csv")["edit"]) == {"good", "worse"}
    preset = Path("presets/study-demo.yaml")
    preset.write_text(preset.read_text().replace("bnneck: true", "bnneck: false"))
    study.write_text(STUDY.replace("  bad: {train.bnneck: false}", "  worse: {train.bnneck: true}"))
    ablate.main("tiny", ["worse"])
    assert pd.read_csv(ablate.OUT / "tiny.csv")["edit"].tolist() == ["worse"]


def test_a_study_goes_on_at_another_commit_with_a_base_of_its_own(runs, monkeypatch):
    """What the first sitting did stays; the second runs its base anew and the edit that is left."""
    ablate.main("tiny", ["good"])
    shutil.rmtree(ablate.CLONES)
    monkeypatch.setattr(ablate, "commit", lambda place: "def")
    ablate.main("tiny", [])
    assert runs[4:] == [("gem", True, 3), ("gem", True, 4), ("gem", False, 3), ("gem", False, 4)]
    table = pd.read_csv(ablate.OUT / "tiny.csv").set_index("edit")
    assert table["commit"].to_dict() == {"good": "abc", "bad": "def"}
