"""Naming with training: what is learned once, when it is used, and what a small catalogue gets."""

import shutil
from copy import deepcopy

import pandas as pd
import pytest

from pipeline.naming import blending, learning, masks
from pipeline.naming.catalogue import Source
from pipeline.naming.naming import name_photographs
from pipeline.naming.settings import Options
from pipeline.steps.crop import crop, unet
from tests.pipeline.naming.conftest import Folders, draw, write
from tests.pipeline.naming.test_naming import read_answers

INDIVIDUALS, VIEWS = 6, 2
TRAIN = Options(train=True)


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Folders:
    """A few individuals with two photographs each, and new photographs of two of them."""
    root = tmp_path_factory.mktemp("many")
    for number in range(INDIVIDUALS):
        for view in range(VIEWS):
            write(root / "catalogue" / f"animal {number}" / f"{view}.png", draw(number, view))
    for number in (0, 3):
        write(root / "new" / f"{number}.png", draw(number, 9))
    return Folders(root / "catalogue", root / "new", root / "out")


@pytest.fixture(scope="module")
def untrained():
    """A network for masks as it is built, which takes long: once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        net = unet.build(0, crop.computing_device())
        patch.setattr(unet, "build", lambda seed, device: deepcopy(net))
        yield net


@pytest.fixture(scope="module")
def trained(many, untrained):
    """What naming with training gives, used in any case, with a segmenter that is not trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crop, "fit_unet", lambda table, known, settings: (untrained, None))
        patch.setattr(blending, "MIN_QUERIES", INDIVIDUALS * VIEWS)
        patch.setattr(learning, "is_better", lambda before, after: True)
        yield name_photographs(Source(many.catalogue), many.new, many.out, TRAIN)


def test_photographs_are_named_and_the_gain_is_told(trained, many):
    table = read_answers(many.out)
    assert table["name_1"].to_dict() == {"0.png": "animal 0", "3.png": "animal 3"}
    [sentence] = [one for one in trained.sentences if one.startswith("Training ")]
    assert f"on {INDIVIDUALS * VIEWS} photographs of the catalogue" in sentence


def test_a_photograph_more_is_described_and_nothing_is_trained(
    trained, many, tmp_path, monkeypatch
):
    new, out = tmp_path / "new", tmp_path / "out"
    shutil.copytree(many.new, new)
    shutil.copytree(many.out, out)
    write(new / "later.png", draw(5, 8))
    segmented, extract = [], masks.extract
    monkeypatch.setattr(crop, "fit_unet", None)  # a second training would call it
    monkeypatch.setattr(
        *(masks, "extract"),
        lambda images, *rest: segmented.append(len(images)) or extract(images, *rest),
    )
    first = read_answers(many.out)
    name_photographs(Source(many.catalogue), new, out, TRAIN)
    assert segmented == [1]
    table = read_answers(out)
    assert table.loc["later.png", "name_1"] == "animal 5"
    pd.testing.assert_frame_equal(table.loc[first.index], first)


def test_an_interrupted_description_goes_on(trained, many, tmp_path, monkeypatch):
    """Of the masks' features some are stored, one is damaged: the others are found again."""
    out = tmp_path / "out"
    shutil.copytree(many.out, out)
    [folder] = (out / ".tailprint").glob(f"{masks.KIND}-*")
    stored = sorted(folder.rglob("*.npz"))
    for file in stored[:4]:
        file.unlink()
    stored[5].write_bytes(stored[5].read_bytes()[:-1])
    for file in (out / ".tailprint" / "comparisons").rglob("*-embedded-*"):
        file.unlink()
    segmented, extract = [], masks.extract
    monkeypatch.setattr(
        *(masks, "extract"),
        lambda images, *rest: segmented.append(len(images)) or extract(images, *rest),
    )
    name_photographs(Source(many.catalogue), many.new, out, TRAIN)
    assert segmented == [5]
    assert (out / "answers.csv").read_bytes() == (many.out / "answers.csv").read_bytes()


def test_training_that_does_not_help_is_not_used(trained, many, tmp_path, monkeypatch):
    out, frozen = tmp_path / "out", tmp_path / "frozen"
    for folder in (out, frozen):
        shutil.copytree(many.out, folder)
    monkeypatch.setattr(learning, "is_better", lambda before, after: False)
    result = name_photographs(Source(many.catalogue), many.new, out, TRAIN)
    assert any(one.startswith("Training did not help") for one in result.sentences)
    name_photographs(Source(many.catalogue), many.new, frozen, Options())
    assert (out / "answers.csv").read_bytes() == (frozen / "answers.csv").read_bytes()


@pytest.mark.parametrize("enough", [True, False])
def test_points_are_weighed_without_training_if_there_are_enough_photographs(
    trained, many, tmp_path, monkeypatch, enough
):
    shutil.copytree(many.out, tmp_path / "out")
    if not enough:
        monkeypatch.setattr(blending, "MIN_QUERIES", INDIVIDUALS * VIEWS + 1)
    weighed, weigh_own = [], learning.weigh_own
    monkeypatch.setattr(
        learning, "weigh_own", lambda own, p: weighed.append(len(own)) or weigh_own(own, p)
    )
    name_photographs(Source(many.catalogue), many.new, tmp_path / "out", Options())
    assert bool(weighed) is enough
