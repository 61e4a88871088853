"""The few-shot benchmark on alphabets of random strokes: its rows, what it opens, resuming."""

import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import fewshot, fewshot_evaluation
from benchmarks.fewshot_picture import PAGE
from benchmarks.fewshot_recipes import LEARNERS, PIXELS, Recipe, build_network
from pipeline.fewshot.fit import FitSettings
from pipeline.fewshot.inner_loop import InnerLoop
from pipeline.fewshot.reptile import Reptile
from pipeline.fewshot.sampling import Shape

pytestmark = pytest.mark.usefixtures("in_process")
DRAWERS = 10
TEXT = "before\n<!-- few-shot learners -->\nold\n<!-- end of few-shot learners -->\nafter\n"


def drawing(strokes: np.ndarray, rng: np.random.Generator) -> bytes:
    """One drawing of a character: the ends of its strokes are shifted a little."""
    pixels = np.full((48, 48), 255, np.uint8)
    ends = (strokes + rng.normal(0, 1, strokes.shape)).round().astype(int)
    for first, second in ends:
        cv2.line(pixels, tuple(first.tolist()), tuple(second.tolist()), 0, 2)
    return cv2.imencode(".png", pixels)[1].tobytes()


def write_characters(path: Path, alphabets: list[str], rng: np.random.Generator) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for alphabet in alphabets:
            for number in range(20):
                strokes = rng.integers(4, 44, (3, 2, 2))
                for drawer in range(DRAWERS):
                    name = f"images/{alphabet}/character{number:02d}/{number:04d}_{drawer:02d}.png"
                    file.writestr(name, drawing(strokes, rng))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The three archives, short training, few episodes, a page with marks."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    write_characters(tmp_path / "images_background_small1.zip", ["Greek", "Latin"], rng)
    others = ["Japanese_(katakana)", "Sanskrit", "Tagalog"]
    write_characters(tmp_path / "images_background_small2.zip", others, rng)
    with zipfile.ZipFile(tmp_path / "all_runs.zip", "w") as file:
        for run in range(1, 21):
            lines = []
            for number in range(20):
                strokes = rng.integers(4, 44, (3, 2, 2))
                names = [f"run{run:02d}/{part}/{number:02d}.png" for part in ("test", "training")]
                for name in names:
                    file.writestr(name, drawing(strokes, rng))
                lines.append(" ".join(names))
            file.writestr(f"run{run:02d}/class_labels.txt", "\n".join(lines))
    PAGE.parent.mkdir(parents=True)
    PAGE.write_text(TEXT)
    few = (Shape(1, 8, 1, 2),)
    recipes = {
        PIXELS: LEARNERS[PIXELS],
        "prototypical": replace(LEARNERS["prototypical"], episodes=few, fit=FitSettings(100, 2e-3)),
    }
    monkeypatch.setitem(fewshot.TABLES, "learners", recipes)
    monkeypatch.setitem(fewshot.TABLES, "ablation", {"all": recipes["prototypical"]})
    monkeypatch.setattr(fewshot_evaluation, "EPISODES", 20)
    monkeypatch.setattr(fewshot_evaluation, "QUICK_EPISODES", 5)
    return tmp_path


def test_each_learner_gets_a_row_with_intervals_and_paired_gains(project, capsys):
    fewshot.main(project, "learners", [], False)
    table = pd.read_csv("benchmarks/fewshot/learners.csv").set_index("learner")
    assert table.index.tolist() == [PIXELS, "prototypical"]
    columns = (*fewshot_evaluation.TASKS, fewshot_evaluation.RUNS, fewshot_evaluation.CHOICE)
    for column in columns:
        gain = table[column] - table.loc[PIXELS, column]
        assert table[f"{column} gain"].tolist() == pytest.approx(gain.tolist(), abs=0.02)
        assert table[column].between(20, 100).all()
    # strokes shifted by a pixel are easy to distinguish, even after a hundred steps
    assert (table["5-way 1-shot"] > 60).all() and (table["5-way 1-shot +-"] < 15).all()
    page = PAGE.read_text()
    assert "old" not in page and "| prototypical | " in page and "| BPL, published | 4.2 |" in page
    assert cv2.imread("docs/fewshot.png").shape[0] > 100


def test_a_learner_with_a_row_is_not_trained_again(project, monkeypatch):
    fewshot.main(project, "learners", [], False)
    trained = []
    monkeypatch.setattr(fewshot_evaluation, "fit", lambda *args: trained.append(args[2]))
    fewshot.main(project, "learners", [], False)
    assert not trained
    recipes = fewshot.TABLES["learners"]
    longer = replace(recipes["prototypical"], fit=FitSettings(101, 2e-3))
    monkeypatch.setitem(recipes, "prototypical", longer)
    fewshot.main(project, "learners", [], False)
    assert trained == [longer.fit]
    assert len(pd.read_csv("benchmarks/fewshot/learners.csv")) == 2


def test_two_ways_of_evaluation_share_one_training(project, monkeypatch):
    """The means of batch norm differ if they include the queries.

    Four filters and one update leave enough queries wrong to show it.
    """

    def build(_: int) -> Reptile:
        return Reptile(build_network(4), InnerLoop(2, 0.1), 1)

    episodes = (Shape(2, 8, 1, 9),)
    plain = Recipe(build, episodes, FitSettings(2, 1.0))
    recipes = {
        PIXELS: LEARNERS[PIXELS],
        "plain": plain,
        "shared": replace(plain, transductive=True),
    }
    monkeypatch.setitem(fewshot.TABLES, "study", recipes)
    fit, trained = fewshot_evaluation.fit, []

    def record(*args):
        trained.append(args[0])
        return fit(*args)

    monkeypatch.setattr(fewshot_evaluation, "fit", record)
    PAGE.write_text("<!-- few-shot study -->\n<!-- end of few-shot study -->\n")
    fewshot.main(project, "study", ["plain", "shared"], False)
    rows = pd.read_csv("benchmarks/fewshot/study.csv").set_index("learner")
    assert len(trained) == 1 and trained[0].transductive
    assert rows.at["plain", "choice"] != rows.at["shared", "choice"]
    assert rows.at["shared", "settings"] == rows.at["plain", "settings"] + "; transductive"
    assert "5-way 5-shot" not in rows  # only the table `learners` has five shots


def test_rows_that_another_process_wrote_meanwhile_stay(project, monkeypatch):
    fit = fewshot_evaluation.fit

    def interrupted(*args):
        fewshot.main(project, "learners", [PIXELS], False)
        return fit(*args)

    monkeypatch.setattr(fewshot_evaluation, "fit", interrupted)
    fewshot.main(project, "learners", ["prototypical"], False)
    learners = pd.read_csv("benchmarks/fewshot/learners.csv")["learner"]
    assert learners.tolist() == [PIXELS, "prototypical"]


@pytest.mark.parametrize("table, quick", [("learners", True), ("ablation", False)])
def test_the_twenty_runs_are_opened_only_for_the_table_learners(project, table, quick, monkeypatch):
    def refuse(*_):
        raise AssertionError("the twenty runs were opened")

    monkeypatch.setattr(fewshot_evaluation.omniglot, "load_runs", refuse)
    fewshot.main(project, table, [], quick)
    assert Path("benchmarks/fewshot").is_dir() != quick
    assert PAGE.read_text() == TEXT


def test_unknown_names_raise(project):
    with pytest.raises(SystemExit, match=r"learners has no \['protypical'\]; it has \['pixels'"):
        fewshot.main(project, "learners", ["protypical"], False)


def test_tasks_are_scored_alike_alone_and_in_a_batch(project):
    archive = project / "images_background_small2.zip"
    classes = fewshot_evaluation.load_characters(archive, 28, fewshot_evaluation.HELD_OUT)
    # not a multiple of the batch size
    tasks = fewshot_evaluation.sample_tasks(classes, Shape(1, 40, 1, 3), 7)
    torch.manual_seed(0)
    learner = LEARNERS["prototypical"].build(0).eval()
    together = fewshot_evaluation.compute_accuracies(learner, tasks)
    alone = [fewshot_evaluation.compute_accuracies(learner, [task]).item() for task in tasks]
    assert together.tolist() == alone
    assert len(set(alone)) > 1
