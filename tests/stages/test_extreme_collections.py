"""Whole runs, and then every command, on collections that have one or none of something."""

import importlib
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from commands.main import app
from pipeline import paths
from tests.conftest import ROOT
from tests.stages import tiny

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
COMPETITION = Path("data/competition")
pytestmark = pytest.mark.slow


def keep_one_query() -> None:
    """Leave one test photograph, and none without a label."""
    solution = pd.read_csv(COMPETITION / "solution.csv")[:1]
    solution.to_csv(COMPETITION / "solution.csv", index=False)
    sample = solution[["Image"]].assign(Id="new_whale")
    sample.to_csv(COMPETITION / "sample_submission.csv", index=False)
    for file in (COMPETITION / "test").iterdir():
        if file.name not in set(solution["Image"]):
            file.unlink()
    shutil.rmtree(COMPETITION / "unlabelled")
    (COMPETITION / "truth/duplicates.csv").unlink()


def blank(folder: str) -> None:
    """Replace photographs by grey ones, in which no local feature is found."""
    for number, file in enumerate(sorted((COMPETITION / folder).iterdir())):
        cv2.imwrite(str(file), np.full((tiny.HEIGHT, tiny.WIDTH, 3), 60 + 3 * number, np.uint8))


def write_viewpoints(viewpoint_of: dict[str, str]) -> None:
    table = pd.DataFrame(viewpoint_of.items(), columns=["Image", "viewpoint"])
    table.to_csv(COMPETITION / "viewpoints.csv", index=False)


def list_files(folder: str) -> list[str]:
    return sorted(file.name for file in (COMPETITION / folder).iterdir())


def show_test_from_the_other_side() -> None:
    left, right = list_files("train"), list_files("test")
    write_viewpoints(dict.fromkeys(left, "left") | dict.fromkeys(right, "right"))


def show_every_photograph_from_a_side_of_its_own() -> None:
    files = [*list_files("train"), *list_files("test")]
    write_viewpoints({name: name.removesuffix(".jpg") for name in files})


def keep_one_photograph_each() -> None:
    train = pd.read_csv(COMPETITION / "train.csv")
    first = train[train["Id"] != "new_whale"].drop_duplicates("Id")
    first.to_csv(COMPETITION / "train.csv", index=False)
    for file in (COMPETITION / "train").iterdir():
        if file.name not in set(first["Image"]):
            file.unlink()


EXTREMES = {
    "one query": [keep_one_query],
    "one query without local features": [keep_one_query, lambda: blank("test")],
    "one query, of another side": [keep_one_query, show_test_from_the_other_side],
    "no local features in the gallery": [lambda: blank("train")],
    "nothing can be compared": [show_every_photograph_from_a_side_of_its_own],
    "one photograph each, of another side": [
        keep_one_photograph_each,
        show_test_from_the_other_side,
    ],
}


def tailprint(*words: object) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), (
        words,
        result.exception,
    )
    return result


@pytest.mark.fault(
    "identify",
    "a collection with one query, without local features, or of other sides only",
    "every stage and command answers, or says in a line what is missing",
)
@pytest.mark.parametrize("kind", EXTREMES)
def test_every_stage_and_command(kind, tmp_path, monkeypatch, caplog):
    tiny.make_project(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    for change in EXTREMES[kind]:
        change()
    for stage, words in tiny.calls(STAGES, YAML(typ="safe").load(Path("params.yaml"))):
        importlib.import_module(f"stages.{stage}").main(*words)
    for name in tiny.RECIPES:
        labels = pd.read_csv(paths.submission(name))["Id"].str.split(" ")
        assert (labels.str.len() == 5).all()
    new, dark = tmp_path / "new.png", tmp_path / "dark.png"
    cv2.imwrite(str(new), tiny.draw_photograph(1, np.random.default_rng(5)))
    cv2.imwrite(str(dark), np.zeros((9, 12, 3), np.uint8))
    asked = [new, dark, COMPETITION / "test/test00.jpg"]
    for name in tiny.RECIPES:
        for photograph in asked:
            options = ("--ensemble", name, "--picture", tmp_path / "picture.png")
            result = tailprint("identify", photograph, *options)
            assert result.exit_code == 0, result.output
            answers = re.findall(r"^  [01]\.\d{3}  ", result.stdout, re.MULTILINE)
            assert answers, result.stdout
            assert (len(answers) == 1) == ("so that nothing is compared" in caplog.text)
            caplog.clear()
    assert "enrolled as w_dark" in tailprint("enroll", dark, "w_dark").stdout
    assert tailprint("identify", new, "--picture", tmp_path / "picture.png").exit_code == 0
    verified = tailprint("verify", new, dark, "--picture", tmp_path / "picture.png")
    assert verified.exit_code == 0 or "without informative pairs" in verified.output
    for words in (["cluster-unknown", "card"], ["duplicate-identities", "card"], ["leaderboard"]):
        result = tailprint(*words)
        assert result.exit_code == 0 or "nothing was written" in result.output
    assert tailprint("compare", "card", ".").exit_code == 0
    assert tailprint("pseudo-label", "card").exit_code == 1  # it needs the re-ranking


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """The tiny project after a run."""
    root = tmp_path_factory.mktemp("finished")
    tiny.make_project(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for stage, words in tiny.calls(STAGES, YAML(typ="safe").load(root / "params.yaml")):
            importlib.import_module(f"stages.{stage}").main(*words)
    return root


@pytest.mark.fault(
    "identify",
    "one file of a finished run is missing, or cut, and a photograph is asked about",
    "answered if the file is not needed; else the file is named, and the pipeline is to be run",
)
@pytest.mark.parametrize("kept", [None, "half"])
def test_a_run_that_lacks_a_file(finished, monkeypatch, tmp_path, kept):
    monkeypatch.chdir(finished)
    needed = 0
    for file in list_artefacts():
        for result in ask_without(file, kept and file.read_bytes()[: file.stat().st_size // 2]):
            if result.exit_code:
                needed += 1
                assert str(file) in result.output, (file, result.output)
                assert "tailprint run" in result.output or "dvc repro" in result.output
    assert needed > 20


@pytest.mark.fault(
    "identify",
    "a table of a finished run has lost the second half of its rows",
    "answered if these are not needed; else a line that says how to make the table again",
)
def test_a_run_that_lacks_rows(finished, monkeypatch):
    monkeypatch.chdir(finished)
    needed = 0
    for file in list_artefacts(".csv"):
        lines = file.read_bytes().splitlines(keepends=True)
        for result in ask_without(file, b"".join(lines[: len(lines) // 2])):
            if result.exit_code:
                needed += 1
                assert "tailprint run" in result.output, (file, result.output)
    assert needed > 4


def list_artefacts(ending: str = "") -> list[Path]:
    """The files that identify or verify may read."""
    folders = ["competition", "crop", "dedup", "labels", "folds", "train", "embed", "neighbours"]
    folders += ["keypoints", "match", "weigh", "verify"]
    return [f for name in folders for f in (paths.WORK / name).rglob(f"*{ending}") if f.is_file()]


def ask_without(file: Path, kept: bytes | None) -> list[Result]:
    """What identify and verify say if a file has these bytes only, or is missing."""
    before = file.read_bytes()
    file.unlink()
    if kept is not None:
        file.write_bytes(kept)
    photograph = COMPETITION / "train/train00.jpg"
    commands = (["identify", photograph], ["verify", photograph, photograph])
    results = [tailprint(*command, "--picture", "picture.png") for command in commands]
    file.write_bytes(before)
    return results
