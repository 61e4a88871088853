"""The few-shot benchmark on alphabets of random strokes: its rows, what it opens, resuming."""

import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import fewshot
from benchmarks.fewshot_picture import PAGE
from benchmarks.fewshot_recipes import LEARNERS, PIXELS, Recipe, network
from pipeline.fewshot.fit import Fit
from pipeline.fewshot.reptile import Reptile
from pipeline.fewshot.sampling import Shape

pytestmark = pytest.mark.usefixtures("in_process")
DRAWERS = 10
TEXT = "before\n<!-- few-shot learners -->\nold\n<!-- end of few-shot learners -->\nafter\n"


def drawing(strokes: np.ndarray, rng: np.random.Generator) -> bytes:
    """A character as one hand draws it: its strokes' ends a little off."""
    pixels = np.full((48, 48), 255, np.uint8)
    ends = (strokes + rng.normal(0, 1, strokes.shape)).round().astype(int)
    for first, second in ends:
        cv2.line(pixels, tuple(first.tolist()), tuple(second.tolist()), 0, 2)
    return cv2.imencode(".png", pixels)[1].tobytes()


def characters(path: Path, alphabets: list[str], rng: np.random.Generator) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for alphabet in alphabets:
            for number in range(20):
                strokes = rng.integers(4, 44, (3, 2, 2))
                for drawer in range(DRAWERS):
                    name = f"images/{alphabet}/character{number:02d}/{number:04d}_{drawer:02d}.png"
                    file.writestr(name, drawing(strokes, rng))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The three archives, short lessons, few episodes, a page with marks."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    characters(tmp_path / "images_background_small1.zip", ["Greek", "Latin"], rng)
    others = ["Japanese_(katakana)", "Sanskrit", "Tagalog"]
    characters(tmp_path / "images_background_small2.zip", others, rng)
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
        "prototypical": replace(LEARNERS["prototypical"], lessons=few, fit=Fit(100, 2e-3)),
    }
    monkeypatch.setitem(fewshot.TABLES, "learners", recipes)
    monkeypatch.setitem(fewshot.TABLES, "moved", {"all of it": recipes["prototypical"]})
    monkeypatch.setattr(fewshot, "EPISODES", 20)
    monkeypatch.setattr(fewshot, "QUICK_EPISODES", 5)
    return tmp_path


def test_a_row_a_learner_with_intervals_and_paired_gains(project, capsys):
    fewshot.main(project, "learners", [], False)
    table = pd.read_csv("benchmarks/fewshot/learners.csv").set_index("learner")
    assert table.index.tolist() == [PIXELS, "prototypical"]
    for question in (*fewshot.QUESTIONS, fewshot.RUNS, fewshot.CHOSEN):
        gain = table[question] - table.loc[PIXELS, question]
        assert table[f"{question} gain"].tolist() == pytest.approx(gain.tolist(), abs=0.02)
        assert table[question].between(20, 100).all()
    # strokes that end a pixel off are told apart by less than a classifier of a hundred steps
    assert (table["5-way 1-shot"] > 60).all() and (table["5-way 1-shot +-"] < 15).all()
    page = PAGE.read_text()
    assert "old" not in page and "| prototypical | " in page and "| BPL, published | 4.2 |" in page
    assert cv2.imread("docs/fewshot.png").shape[0] > 100


def test_what_has_its_row_is_not_taught_again(project, monkeypatch):
    fewshot.main(project, "learners", [], False)
    taught = []
    monkeypatch.setattr(fewshot, "fit", lambda *given: taught.append(given[2]))
    fewshot.main(project, "learners", [], False)
    assert not taught
    recipes = fewshot.TABLES["learners"]
    longer = replace(recipes["prototypical"], fit=Fit(101, 2e-3))
    monkeypatch.setitem(recipes, "prototypical", longer)
    fewshot.main(project, "learners", [], False)
    assert taught == [longer.fit]
    assert len(pd.read_csv("benchmarks/fewshot/learners.csv")) == 2


def test_two_ways_to_answer_share_the_lessons(project, monkeypatch):
    """Batch norm of a learner of pictures sees other numbers where it sees the queries.

    Four filters and one update leave it questions to get wrong.
    """

    def hasty(_: int) -> Reptile:
        return Reptile(network(4), 2, 0.1, 1)

    lessons = (Shape(2, 8, 1, 9),)
    plain = Recipe(hasty, lessons, Fit(2, 1.0))
    recipes = {
        PIXELS: LEARNERS[PIXELS],
        "plain": plain,
        "shared": replace(plain, transductive=True),
    }
    monkeypatch.setitem(fewshot.TABLES, "study", recipes)
    fit, taught = fewshot.fit, []

    def counted(*given):
        taught.append(given[0])
        return fit(*given)

    monkeypatch.setattr(fewshot, "fit", counted)
    PAGE.write_text("<!-- few-shot study -->\n<!-- end of few-shot study -->\n")
    fewshot.main(project, "study", ["plain", "shared"], False)
    rows = pd.read_csv("benchmarks/fewshot/study.csv").set_index("learner")
    assert len(taught) == 1 and taught[0].transductive
    assert rows.at["plain", "choice"] != rows.at["shared", "choice"]
    assert rows.at["shared", "settings"] == rows.at["plain", "settings"] + "; transductive"
    assert "5-way 5-shot" not in rows  # only the learners are asked of five shots


def test_what_another_one_wrote_meanwhile_stays(project, monkeypatch):
    fit = fewshot.fit

    def interrupted(*given):
        fewshot.main(project, "learners", [PIXELS], False)
        return fit(*given)

    monkeypatch.setattr(fewshot, "fit", interrupted)
    fewshot.main(project, "learners", ["prototypical"], False)
    learners = pd.read_csv("benchmarks/fewshot/learners.csv")["learner"]
    assert learners.tolist() == [PIXELS, "prototypical"]


@pytest.mark.parametrize("table, quick", [("learners", True), ("moved", False)])
def test_the_twenty_runs_stay_shut_but_for_the_learners_rows(project, table, quick, monkeypatch):
    def opened(*_):
        raise AssertionError("the twenty runs were opened")

    monkeypatch.setattr(fewshot.omniglot, "runs", opened)
    fewshot.main(project, table, [], quick)
    assert Path("benchmarks/fewshot").is_dir() != quick
    assert PAGE.read_text() == TEXT


def test_unknown_names_are_told(project):
    with pytest.raises(SystemExit, match=r"learners has no \['protypical'\]; there are \['pixels'"):
        fewshot.main(project, "learners", ["protypical"], False)


def test_tasks_scored_together_answer_as_each_alone(project):
    drawings = fewshot.characters(project / "images_background_small2.zip", 28, fewshot.HELD_OUT)
    tasks = fewshot.drawn(drawings, Shape(1, 40, 1, 3), 7)  # not a multiple of what goes together
    torch.manual_seed(0)
    learner = LEARNERS["prototypical"].make(0).eval()
    shares = fewshot.shares(learner, tasks)
    alone = [fewshot.shares(learner, [task]).item() for task in tasks]
    assert shares.tolist() == alone
    assert len(set(alone)) > 1
