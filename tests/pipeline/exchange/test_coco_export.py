"""Answers as COCO are read back by pycocotools."""

import cv2
import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from pipeline.exchange import coco_export, named_folder
from pipeline.system.errors import UserError


def read_back(named, species=""):
    out = named.folder / "coco.json"
    text = coco_export.export(named, out, species, "0.1")
    return COCO(str(out)), text


def test_individuals_are_categories(named):
    coco, text = read_back(named)
    assert text == "5 images, 5 annotations, 2 of them with a box"
    names = {one["name"]: one["supercategory"] for one in coco.loadCats(coco.getCatIds())}
    individuals = {"=1+1": "individual", "007": "individual", "Anna": "individual"}
    assert names == {**individuals, "new": "result", "unsure": "result"}
    (anna,) = coco.loadAnns(coco.getAnnIds(catIds=coco.getCatIds(catNms=["Anna"])))
    assert anna["bbox"] == [10, 2, 20, 16] and anna["area"] == 320
    assert anna["attributes"]["probability"] == 0.9
    (image,) = coco.loadImgs(anna["image_id"])
    assert (image["file_name"], image["width"], image["height"]) == ("cam1/a.png", 40, 20)
    assert len(coco.getAnnIds(imgIds=[image["id"]])) == 2


def test_a_photograph_without_an_animal_is_an_image_without_annotation(named):
    coco, _ = read_back(named)
    (empty,) = [one for one in coco.imgs.values() if one["file_name"] == "d.png"]
    assert coco.getAnnIds(imgIds=[empty["id"]]) == []


def test_an_answer_about_the_whole_photograph_has_no_box(named):
    coco, _ = read_back(named)
    (new,) = coco.loadAnns(coco.getAnnIds(catIds=coco.getCatIds(catNms=["new"])))
    assert "bbox" not in new
    assert new["attributes"] == {
        **{"individual": "", "probability": 0.8, "result": "new", "unknown_group": "1"}
    }


def test_a_species_is_the_one_category(named):
    coco, _ = read_back(named, "Tragelaphus angasii")
    assert [one["name"] for one in coco.cats.values()] == ["Tragelaphus angasii"]
    individuals = [one["attributes"]["individual"] for one in coco.anns.values()]
    assert individuals == ["Anna", "007", "", "", "=1+1"]


@pytest.mark.parametrize("orientation, size", [(1, (40, 20)), (3, (40, 20)), (6, (20, 40))])
def test_the_size_is_that_of_the_photograph_as_it_is_shown(tmp_path, orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name in ("a.jpg", "a.webp"):
        Image.new("RGB", (40, 20)).save(tmp_path / name, exif=exif)
        assert coco_export.read_upright_size(tmp_path / name) == size
        assert cv2.imread(str(tmp_path / name)).shape[1::-1] == size


def test_photographs_that_have_moved_are_named(named):
    (named.folder.parent / "new/c.png").unlink()
    with pytest.raises(UserError, match="c.png is not there any more: repeat the command"):
        read_back(named)


def test_no_answers_are_an_empty_file(named):
    empty = named_folder.NamedFolder(named.folder, [], named.compared, 0.0)
    coco, text = read_back(empty)
    assert text.startswith("0 images") and np.size(coco.getAnnIds()) == 0
