import zipfile

import cv2
import numpy as np
import pytest
import torch

from pipeline.fewshot import omniglot
from pipeline.system.errors import UserError


def png(value: int) -> bytes:
    """A drawing: black ink, `value` columns wide."""
    pixels = np.full((12, 12), 255, np.uint8)
    pixels[:, :value] = 0
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
        file.writestr("__MACOSX/small/Greek/character01/._0001_01.png", b"no picture")
    return path


def test_characters_by_alphabet(background):
    classes = omniglot.characters(background, 12)
    assert len(classes) == 3
    assert classes.group.tolist() == ["Greek", "Greek", "Latin"]
    # ink is 1: the third character has three columns of it
    assert classes.inputs[classes.rows[2]].sum(dim=(1, 2, 3)).tolist() == [36.0, 36.0]
    assert len(omniglot.characters(background, 12, {"Latin"})) == 1


def test_a_missing_alphabet_or_file_is_named(background, tmp_path):
    with pytest.raises(ValueError, match="Klingon.*Greek"):
        omniglot.characters(background, 12, {"Klingon"})
    with pytest.raises(UserError, match="nowhere.zip is missing: download it from https"):
        omniglot.characters(tmp_path / "nowhere.zip", 12)


def test_every_drawing_alone_is_a_class_of_its_own(background):
    classes = omniglot.alone(omniglot.characters(background, 12), 3)
    assert [own.tolist() for own in classes.rows] == [[row] * 3 for row in range(6)]
    assert classes.group.tolist() == ["Greek"] * 4 + ["Latin"] * 2


def test_turned_characters_are_classes_of_their_own(background):
    classes = omniglot.turned(omniglot.characters(background, 12))
    assert len(classes) == 12
    upright, turned = classes.inputs[classes.rows[0][0]], classes.inputs[classes.rows[3][0]]
    assert torch.equal(torch.rot90(upright, 1, (1, 2)), turned)
    assert classes.group[0] == "Greek/0" and classes.group[3] == "Greek/1"


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "all_runs.zip"
    with zipfile.ZipFile(path, "w") as file:
        for run in range(1, 21):
            order = np.random.default_rng(run).permutation(20)
            lines = []
            for item, own in enumerate(order):
                shown, asked = (
                    f"run{run:02d}/training/class{own:02d}.png",
                    f"run{run:02d}/test/i{item:02d}.png",
                )
                file.writestr(shown, png(own // 2 + 1))
                file.writestr(asked, png(own // 2 + 1))
                lines.append(f"{asked} {shown}")
            file.writestr(f"run{run:02d}/class_labels.txt", "\n".join(lines) + "\n")
    return path


def test_runs_hold_twenty_classes_and_queries_with_their_truth(archive):
    runs = omniglot.runs(archive, 12)
    assert len(runs) == 20
    for run in runs:
        assert run.support.inputs.shape == run.queries.shape == (1, 20, 1, 12, 12)
        assert sorted(run.truth[0].tolist()) == list(range(20))
        # a query looks like its class's drawing
        assert torch.equal(run.support.inputs[0][run.truth[0]], run.queries[0])


def test_a_run_with_fewer_classes_is_refused(tmp_path):
    path = tmp_path / "all_runs.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("run01/class_labels.txt", "run01/test/a.png run01/training/b.png\n")
    with pytest.raises(ValueError, match="run01/class_labels.txt has 1 lines"):
        omniglot.runs(path, 12)
