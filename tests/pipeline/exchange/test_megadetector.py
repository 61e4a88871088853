"""Files of detections are read in each layout that goes by this name, or refused with a way out."""

import json

import pytest

from pipeline.exchange.boxes import Convention, FoundBox
from pipeline.exchange.detections import read_detections
from pipeline.system.errors import UserError

CATEGORIES = {"1": "animal", "2": "person", "3": "vehicle"}
RIGHT = [0.5, 0.5, 0.25, 0.25]  # can't be two corners


def detection(box=RIGHT, conf=0.9, category="1"):
    return {"category": category, "conf": conf, "bbox": box}


def write(path, content, encoding="utf-8"):
    path.write_text(json.dumps(content), encoding)
    return path


def write_images(path, **detections):
    images = [{"file": f"{name}.jpg", "detections": found} for name, found in detections.items()]
    content = {"info": {"format_version": "1.4"}, "detection_categories": CATEGORIES}
    return write(path / "md.json", {**content, "images": images})


def test_animals_above_the_threshold_come_with_the_surest_first(tmp_path):
    low, high, person = detection(conf=0.4), detection(conf=0.8), detection(category="2")
    faint = detection(conf=0.1)
    path = write_images(tmp_path, a=[low, person, high, faint], b=[faint], c=[], d=[person])
    found = read_detections(path)
    assert [box.confidence for box in found.boxes["a.jpg"]] == [0.8, 0.4]
    assert found.boxes["a.jpg"][0] == FoundBox(0.5, 0.5, 0.75, 0.75, relative=True, confidence=0.8)
    assert (found.boxes["b.jpg"], found.boxes["c.jpg"], found.boxes["d.jpg"]) == ([], [], [])
    assert found.below == {"b.jpg": 0.1}
    assert len(read_detections(path, threshold=0.05).boxes["a.jpg"]) == 3


def test_a_failure_is_kept_with_its_reason(tmp_path):
    images = [
        {"file": "a.jpg", "detections": [detection()]},
        {"file": "b.jpg", "detections": None, "failure": "Failure image access"},
        {"file": "c.jpg", "failure": "Failure inference"},
    ]
    path = write(tmp_path / "md.json", {"images": images, "detection_categories": CATEGORIES})
    found = read_detections(path)
    assert found.failed == {"b.jpg": "Failure image access", "c.jpg": "Failure inference"}
    assert list(found.boxes) == ["a.jpg"]


def test_a_list_of_images_has_words_for_categories_and_corners_in_pixels(tmp_path):
    animal = {"category": "animal", "confidence": 0.93, "bbox": [102.4, 88.1, 540.7, 470.2]}
    person = {"category": "person", "confidence": 0.81, "bbox": [12.0, 40.5, 96.3, 510.9]}
    content = [{"file": "a.jpg", "detections": [animal, person]}, {"file": "b", "detections": []}]
    path = write(tmp_path / "md.json", content)
    found = read_detections(path)
    assert found.boxes["a.jpg"] == [FoundBox(102.4, 88.1, 540.7, 470.2, False, 0.93)]
    assert found.boxes["b"] == []


@pytest.mark.parametrize("prefix", ["", "det_"])
def test_lists_side_by_side_are_those_of_pytorch_wildlife(tmp_path, prefix):
    entry = {
        "img_id": "a.jpg",
        "bbox": [[10, 20, 110, 220], [0, 0, 9, 9]],
        f"{prefix}category": [0, 1],
        f"{prefix}confidence": [0.7, 0.9],
    }
    content = {"annotations": [entry], f"{prefix}categories": {"0": "animal", "1": "person"}}
    path = write(tmp_path / "md.json", content)
    found = read_detections(path)
    assert found.boxes["a.jpg"] == [FoundBox(10, 20, 110, 220, False, 0.7)]


def test_one_box_that_may_be_either_is_asked_for(tmp_path):
    path = write_images(tmp_path, a=[detection([0.1, 0.1, 0.4, 0.5])])
    with pytest.raises(UserError, match=r"md.json: .*--boxes corners"):
        read_detections(path)
    box = read_detections(path, stated=Convention.size).boxes["a.jpg"][0]
    assert (box.x1, box.y1) == (0.5, 0.6)


def test_another_detectors_species_are_animals(tmp_path):
    content = {
        "images": [{"file": "a.jpg", "detections": [detection(), detection(category="2")]}],
        "detection_categories": {"1": "Lynx lynx", "2": "human"},
    }
    assert len(read_detections(write(tmp_path / "md.json", content)).boxes["a.jpg"]) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_of_the_encoding_is_no_content(tmp_path, encoding):
    path = write(tmp_path / "md.json", [], encoding)
    assert read_detections(path).names == []


def test_a_faint_box_without_a_size_is_no_fault(tmp_path):
    path = write_images(tmp_path, a=[detection(), detection([0.5, 0.5, 0, 0.1], conf=0.01)])
    assert len(read_detections(path).boxes["a.jpg"]) == 1


FAULTS = [
    ("no JSON", "{", r"is no JSON \(line 1"),
    ("no list", "{}", "has no list of images: .*lila.science"),
    ("COCO", '{"images": [{"file_name": "a.jpg"}]}', "image 1 has no file"),
    ("twice", '{"images": [{"file": "a"}, {"file": "b"}, {"file": "a"}]}', "image 3: a is listed"),
    ("a text", '[{"file": "a", "detections": "none"}]', "a: its detections are no list"),
    ("three numbers", [[0.1, 0.2, 0.3]], r"a, detection 1: .*\[0.1, 0.2, 0.3\]"),
    ("no number", [[0.1, 0.2, 0.3, "x"]], "a, detection 1: its box is not four numbers"),
    ("not finite", [[0.1, 0.2, 0.3, float("nan")]], "a, detection 1: its box is not four"),
    ("negative", [[-0.1, 0.2, 0.3, 0.4]], "a, detection 1: its box is not four"),
]


@pytest.mark.fault(
    "name",
    "--detections is no JSON, another format, or has boxes that are none",
    "one line per fault, before any photograph is decoded",
)
@pytest.mark.parametrize("content, message", [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_names_its_place(tmp_path, content, message):
    path = tmp_path / "md.json"
    if isinstance(content, str):
        path.write_text(content)
    else:
        found = [{"category": "animal", "conf": 0.9, "bbox": box} for box in content]
        write(path, [{"file": "a", "detections": found}])
    with pytest.raises(UserError, match=message):
        read_detections(path)


@pytest.mark.parametrize("conf", [None, "0.9", 1.2, True])
def test_a_confidence_is_between_0_and_1(tmp_path, conf):
    with pytest.raises(UserError, match=r"a.jpg, detection 1: its confidence is not between"):
        read_detections(write_images(tmp_path, a=[detection(conf=conf)]))


def test_codes_without_names_are_refused(tmp_path):
    path = write(tmp_path / "md.json", {"images": [{"file": "a", "detections": [detection()]}]})
    with pytest.raises(UserError, match='has no detection_categories that name 1: add .*"1": "ani'):
        read_detections(path)


def test_lists_of_different_lengths_are_refused(tmp_path):
    entry = {"img_id": "a", "bbox": [[1, 2, 3, 4]], "category": [0, 0], "confidence": [0.5]}
    path = write(tmp_path / "md.json", {"annotations": [entry]})
    with pytest.raises(UserError, match="a: category, confidence and bbox are not lists of one"):
        read_detections(path)
