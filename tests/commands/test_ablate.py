"""The runs of an ablation study, with a stand-in for `tailprint run`."""

import json
import shutil
from pathlib import Path

import cv2
import pandas as pd
import pytest
from ruamel.yaml import YAML

from commands import study_runs
from commands.study_runs import load_study, run_study
from pipeline import paths
from pipeline.data import tables
from pipeline.evaluation import study_table
from pipeline.params.presets import render_preset
from pipeline.system import children
from pipeline.system.errors import UserError
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
def runs(project, monkeypatch) -> list[tuple]:
    """A project with one study; each run of the pipeline is listed, and answers by its params."""
    Path("presets/studies").mkdir(parents=True)
    Path("presets/study-demo.yaml").write_text(render_preset(ROOT / "presets/study-demo.yaml"))
    Path("presets/studies/tiny.yaml").write_text(STUDY)
    study_table.PAGE.parent.mkdir(parents=True)
    study_table.PAGE.write_text(
        "before\n<!-- study tiny -->\nold\n<!-- end of study tiny -->\nafter\n"
    )
    monkeypatch.setattr(
        study_runs.clones, "clone", lambda clone, prepare: clone.mkdir(parents=True)
    )
    monkeypatch.setattr(study_runs, "current_commit", lambda folder: "abc")
    done = []

    def run_pipeline(command, cwd):
        train = YAML(typ="safe").load((cwd / "params.yaml").read_text())["train"]
        done.append((train["pooling"], train["bnneck"], train["seed"]))
        known = {"average": "a b", "gem": "b a"}[train["pooling"]]
        new = "new_whale a" if train["bnneck"] else "a b"
        tables.write("rankings", rankings(known, new), cwd / paths.rankings("study"))

    monkeypatch.setattr(children, "run_checked", run_pipeline)
    return done


def run(name: str, only: list[str]) -> None:
    run_study(load_study(name), only)


def test_every_edit_at_every_seed_beside_the_base(runs, capsys):
    run("tiny", [])
    assert runs == [
        *[("gem", True, seed) for seed in (3, 4)],
        *[("average", True, seed) for seed in (3, 4)],
        *[("gem", False, seed) for seed in (3, 4)],
    ]
    table = pd.read_csv(study_table.FOLDER / "tiny.csv").set_index("edit")
    prior = 0.276
    assert table["difference"].tolist() == pytest.approx([(1 - prior) / 2, -prior], abs=1e-4)
    assert (table["seeds"] == 2).all() and (table["seconds"] >= 0).all()
    page = study_table.PAGE.read_text()
    assert page.startswith("before\n<!-- study tiny -->\n| edit |") and "old" not in page
    assert (
        page.endswith("<!-- end of study tiny -->\nafter\n")
        and "| good | 1.000 | .638 | +.362 " in page
    )
    assert cv2.imread(str(study_table.FOLDER / "tiny.png")).shape[0] > 100
    assert "good: +0.362" in capsys.readouterr().out


def test_a_finished_edit_is_run_again_only_with_other_settings(runs):
    run("tiny", ["good"])
    assert len(runs) == 4
    run("tiny", [])
    assert len(runs) == 6 and set(pd.read_csv(study_table.FOLDER / "tiny.csv")["edit"]) == {
        "good",
        "bad",
    }
    study = Path("presets/studies/tiny.yaml")
    study.write_text(STUDY.replace("bnneck: false", "bnneck: false, train.epochs: 9"))
    run("tiny", [])
    assert len(runs) == 8 and len(pd.read_csv(study_table.FOLDER / "tiny.csv")) == 2
    run("tiny", [])
    assert len(runs) == 8


def test_rows_can_be_accepted_as_of_the_current_settings(runs, tailprint, capsys):
    """After a new switch that is off: nothing is run again, and no figure changes."""
    run("tiny", [])
    before = pd.read_csv(study_table.FOLDER / "tiny.csv")
    preset = Path("presets/study-demo.yaml")
    preset.write_text(preset.read_text().replace("lists: 64", "lists: 65"))
    result = tailprint("ablate", "tiny", "--accept")
    assert "2 rows are of the current settings" in result.output
    after = pd.read_csv(study_table.FOLDER / "tiny.csv")
    assert (after["settings"] != before["settings"]).all()
    pd.testing.assert_frame_equal(after.drop(columns="settings"), before.drop(columns="settings"))
    run("tiny", [])
    assert len(runs) == 6 and "has all edits" in capsys.readouterr().out


def test_an_interrupted_run_is_run_again(runs):
    """The JSON is written last: without it the run is not finished."""
    run("tiny", ["good"])
    facts = Path(".dvc/tmp/ablate/tiny/runs/good-3.json")
    assert json.loads(facts.read_text())["params"]["train"]["seed"] == 3
    facts.unlink()
    run("tiny", ["good"])
    assert runs[4:] == [("average", True, 3)]


def test_unknown_names_are_refused(runs):
    with pytest.raises(UserError, match="there is no presets/studies/absent.yaml"):
        run("absent", [])
    with pytest.raises(UserError, match=r"has no edits \['goood'\], only \['good', 'bad'\]"):
        run("tiny", ["goood"])
    assert not runs


def test_an_edit_that_fails_stops_no_other(runs, monkeypatch):
    succeed = children.run_checked

    def fail(command, cwd):
        if not YAML(typ="safe").load((cwd / "params.yaml").read_text())["train"]["bnneck"]:
            raise children.ChildError("failed")
        succeed(command, cwd)

    monkeypatch.setattr(children, "run_checked", fail)
    study = Path("presets/studies/tiny.yaml")
    study.write_text(STUDY.replace("  good", "  later"))
    with pytest.raises(UserError, match=r"failed, and not in the table: \['bad'\]"):
        run("tiny", ["bad", "later"])
    assert pd.read_csv(study_table.FOLDER / "tiny.csv")["edit"].tolist() == ["later"]


def test_a_clone_of_another_commit_is_refused(runs, monkeypatch):
    monkeypatch.setattr(
        study_runs, "current_commit", lambda place: "new" if place == Path() else "old"
    )
    with pytest.raises(UserError, match="tiny is of commit old, this project at new: delete"):
        run("tiny", [])
    assert not runs


def test_rows_of_another_edit_or_base_leave_the_table(runs):
    run("tiny", [])
    study = Path("presets/studies/tiny.yaml")
    study.write_text(STUDY.replace("  bad", "  worse"))
    run("tiny", ["worse"])
    assert set(pd.read_csv(study_table.FOLDER / "tiny.csv")["edit"]) == {"good", "worse"}
    preset = Path("presets/study-demo.yaml")
    preset.write_text(preset.read_text().replace("bnneck: true", "bnneck: false"))
    study.write_text(STUDY.replace("  bad: {train.bnneck: false}", "  worse: {train.bnneck: true}"))
    run("tiny", ["worse"])
    assert pd.read_csv(study_table.FOLDER / "tiny.csv")["edit"].tolist() == ["worse"]


def test_a_study_continues_at_another_commit_with_another_base(runs, monkeypatch):
    """The first sitting's rows stay; the second runs its own base and the remaining edit."""
    run("tiny", ["good"])
    shutil.rmtree(study_runs.CLONES)
    monkeypatch.setattr(study_runs, "current_commit", lambda place: "def")
    run("tiny", [])
    assert runs[4:] == [("gem", True, 3), ("gem", True, 4), ("gem", False, 3), ("gem", False, 4)]
    table = pd.read_csv(study_table.FOLDER / "tiny.csv").set_index("edit")
    assert table["commit"].to_dict() == {"good": "abc", "bad": "def"}
