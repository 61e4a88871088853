"""A detector's boxes in COCO's layout are read as MegaDetector's are."""

import json

import pytest
from pycocotools.coco import COCO

from pipeline.exchange.boxes import Convention, FoundBox
from pipeline.exchange.detections import read_detections
from pipeline.system.errors import UserError

IMAGES = [
    {"id": 7, "file_name": "a.jpg", "width": 200, "height": 100},
    {"id": 8, "file_name": "cam1/b.jpg", "width": 200, "height": 100},
    {"id": 9, "file_name": "c.jpg", "width": 200, "height": 100},
]
CATEGORIES = [{"id": 1, "name": "animal"}, {"id": 2, "name": "person"}]


def annotate(image, box=(20, 10, 100, 50), category=1, **more):
    return {"image_id": image, "category_id": category, "bbox": list(box), **more}


def write(path, *annotations, images=IMAGES, categories=CATEGORIES):
    rows = [{"id": number, **one} for number, one in enumerate(annotations)]
    content = {"images": images, "annotations": rows, "categories": categories}
    (path / "coco.json").write_text(json.dumps(content))
    return path / "coco.json"


def test_animals_above_the_threshold_come_with_the_surest_first(tmp_path):
    path = write(
        tmp_path,
        annotate(7, score=0.4),
        annotate(7, (0, 0, 200, 100), score=0.8),
        annotate(7, category=2, score=0.99),
        annotate(8, score=0.1),
        annotate(8, score=0.15),
    )
    found = read_detections(path)
    whole = FoundBox(0, 0, 1, 1, relative=True, confidence=0.8)
    assert found.boxes == {
        "a.jpg": [whole, FoundBox(0.1, 0.1, 0.6, 0.6, relative=True, confidence=0.4)],
        "cam1/b.jpg": [],
        "c.jpg": [],
    }
    assert found.below == {"cam1/b.jpg": 0.15} and found.failed == {}
    assert len(read_detections(path, threshold=0.12).boxes["cam1/b.jpg"]) == 1


def test_boxes_are_those_that_pycocotools_reads(tmp_path):
    path = write(tmp_path, annotate(7, attributes={"score": 0.5}), annotate(8, (50, 25, 10, 20)))
    reader = COCO(path)
    for image in reader.loadImgs(reader.getImgIds()):
        found = read_detections(path).boxes[image["file_name"]]
        expected = [one["bbox"] for one in reader.loadAnns(reader.getAnnIds(image["id"]))]
        pixels = [box.to_pixels(image["width"], image["height"]) for box in found]
        assert [[x0, y0, x1 - x0, y1 - y0] for x0, y0, x1, y1 in pixels] == expected
    assert read_detections(path).boxes["cam1/b.jpg"][0].confidence == 1  # drawn by a person


@pytest.mark.parametrize(
    ("categories", "animals"),
    [
        (CATEGORIES, {1}),
        ([{"id": 1, "name": "zebra"}, {"id": 2, "name": "Person"}], {1}),
        ([{"id": 1, "name": "dog", "supercategory": "animal"}, {"id": 2, "name": "bench"}], {1}),
        ([], {1, 2}),
    ],
)
def test_which_categories_are_animals(tmp_path, categories, animals):
    boxes = {1: (0, 0, 200, 100), 2: (20, 10, 100, 50)}
    annotations = [annotate(7, box, category) for category, box in boxes.items()]
    found = read_detections(write(tmp_path, *annotations, categories=categories)).boxes["a.jpg"]
    widths = {round(200 * (box.x1 - box.x0)) for box in found}
    assert widths == {boxes[category][2] for category in animals}


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (annotate(3), "annotation 1: has no image_id of the images"),
        (annotate(7, score=1.5), "annotation 1: its confidence is not between 0 and 1: 1.5"),
        (annotate(7, (1, 2, 0, 4)), "annotation 1: its box is not x, y, width and height"),
    ],
)
def test_a_faulty_annotation_is_named(tmp_path, annotation, message):
    with pytest.raises(UserError, match=message):
        read_detections(write(tmp_path, annotation))


def test_a_photograph_that_is_listed_twice(tmp_path):
    again = [*IMAGES, {"id": 10, "file_name": "a.jpg"}]
    with pytest.raises(UserError, match=r"a\.jpg is listed twice"):
        read_detections(write(tmp_path, annotate(7), images=again))


def test_corners_are_refused(tmp_path):
    with pytest.raises(UserError, match="leave out --boxes corners"):
        read_detections(write(tmp_path, annotate(7)), stated=Convention.corners)


def test_results_without_photographs_are_refused(tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps([annotate(7, score=0.9)]))
    with pytest.raises(UserError, match="does not name the photographs"):
        read_detections(path)


def test_two_images_of_one_id_are_a_fault(tmp_path):
    path = write(tmp_path, annotate(7), images=[*IMAGES, {"id": 7, "file_name": "d.jpg"}])
    with pytest.raises(UserError, match="the id 7 is given to a.jpg and to d.jpg: of two files"):
        read_detections(path)
