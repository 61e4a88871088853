"""The Python API: paths of photographs and of the project."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline import paths
from pipeline.identify import enrolment, identification, verification
from pipeline.project import Project
from pipeline.system.errors import UserError
from tests.conftest import ROOT


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    """A project in a sub-folder of the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whales").mkdir()
    (tmp_path / "whales/params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    return Project("whales")


@pytest.fixture
def calls(monkeypatch) -> list[tuple]:
    """The arguments of the library's functions, each with the folder that it was called in."""
    found = []

    def note(*arguments):
        found.append((Path.cwd(), *arguments))
        return Path("data/enrolled/1.npz")

    monkeypatch.setattr(identification, "identify", note)
    monkeypatch.setattr(verification, "verify", note)
    monkeypatch.setattr(enrolment, "enroll", note)
    return found


def test_photographs_are_relative_to_the_current_folder(project, calls, tmp_path):
    project.identify("A.jpg", ensemble="single", prior=0.5, viewpoint="left")
    project.verify("A.jpg", "B.jpg", prior=0.1)
    stored = project.enroll("A.jpg", "w_new")
    first, second = tmp_path / "A.jpg", tmp_path / "B.jpg"
    assert [call[0] for call in calls] == [tmp_path / "whales"] * 3
    assert calls[0][1:] == (first, project.params, "single", 0.5, "left")
    assert calls[1][1:] == (first, second, project.params, 0.1)
    assert calls[2][1:] == (first, "w_new", project.params)
    assert stored == tmp_path / "whales/data/enrolled/1.npz"
    assert Path.cwd() == tmp_path


def test_the_current_folder_is_restored_after_an_error(project, tmp_path):
    with pytest.raises(UserError, match="does not exist: run the pipeline first"):
        project.identify("A.jpg")
    assert Path.cwd() == tmp_path


def test_the_leaderboard_is_that_of_the_project(project):
    assert project.leaderboard().empty
    board = project.root / paths.LEADERBOARD
    board.parent.mkdir()
    pd.DataFrame({"csv": ["submissions/card.csv"], "ensemble": ["card"]}).to_csv(board, index=False)
    assert project.leaderboard()["ensemble"].tolist() == ["card"]
