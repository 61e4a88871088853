import zipfile

import cv2
import numpy as np
import pytest
import torch

from pipeline.fewshot import omniglot
from pipeline.system.errors import UserError


def png(columns: int) -> bytes:
    """A drawing with black ink in the first columns."""
    pixels = np.full((12, 12), 255, np.uint8)
    pixels[:, :columns] = 0
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.fixture
def background(tmp_path):
    path = tmp_path / "small.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number, name in enumerate(
            ["Greek/character01", "Greek/character02", "Latin/character01"]
        ):
            for drawer in (1, 2):
                file.writestr(f"small/{name}/{number:04d}_{drawer:02d}.png", png(number + 1))
        file.writestr("__MACOSX/small/Greek/character01/._0001_01.png", b"not an image")
    return path


def test_characters_by_alphabet(background):
    classes = omniglot.load_characters(background, 12)
    assert len(classes) == 3
    assert classes.groups.tolist() == ["Greek", "Greek", "Latin"]
    # ink is 1: the third character has three columns of it
    assert classes.inputs[classes.rows[2]].sum(dim=(1, 2, 3)).tolist() == [36.0, 36.0]
    assert len(omniglot.load_characters(background, 12, {"Latin"})) == 1


def test_a_missing_alphabet_or_file_raises(background, tmp_path):
    with pytest.raises(ValueError, match="Klingon.*Greek"):
        omniglot.load_characters(background, 12, {"Klingon"})
    with pytest.raises(UserError, match="nowhere.zip is missing: download it from https"):
        omniglot.load_characters(tmp_path / "nowhere.zip", 12)


def test_separate_drawings_are_classes_of_copies(background):
    classes = omniglot.separate_drawings(omniglot.load_characters(background, 12), 3)
    assert [rows.tolist() for rows in classes.rows] == [[row] * 3 for row in range(6)]
    assert classes.groups.tolist() == ["Greek"] * 4 + ["Latin"] * 2


def test_rotated_characters_are_separate_classes(background):
    classes = omniglot.add_rotations(omniglot.load_characters(background, 12))
    assert len(classes) == 12
    upright, rotated = classes.inputs[classes.rows[0][0]], classes.inputs[classes.rows[3][0]]
    assert torch.equal(torch.rot90(upright, 1, (1, 2)), rotated)
    assert classes.groups[0] == "Greek/0" and classes.groups[3] == "Greek/1"


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "all_runs.zip"
    with zipfile.ZipFile(path, "w") as file:
        for run in range(1, 21):
            order = np.random.default_rng(run).permutation(20)
            lines = []
            for item, number in enumerate(order):
                training, test = (
                    f"run{run:02d}/training/class{number:02d}.png",
                    f"run{run:02d}/test/i{item:02d}.png",
                )
                file.writestr(training, png(number // 2 + 1))
                file.writestr(test, png(number // 2 + 1))
                lines.append(f"{test} {training}")
            file.writestr(f"run{run:02d}/class_labels.txt", "\n".join(lines) + "\n")
    return path


def test_runs_hold_twenty_classes_and_queries_with_their_truth(archive):
    runs = omniglot.load_runs(archive, 12)
    assert len(runs) == 20
    for run in runs:
        assert run.support.inputs.shape == run.queries.shape == (1, 20, 1, 12, 12)
        assert sorted(run.truth[0].tolist()) == list(range(20))
        # a query equals its class's drawing
        assert torch.equal(run.support.inputs[0][run.truth[0]], run.queries[0])


def test_a_run_with_fewer_classes_raises(tmp_path):
    path = tmp_path / "all_runs.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("run01/class_labels.txt", "run01/test/a.png run01/training/b.png\n")
    with pytest.raises(ValueError, match="run01/class_labels.txt has 1 lines"):
        omniglot.load_runs(path, 12)
