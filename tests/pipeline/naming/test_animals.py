"""Animals are cut out by a detector's boxes, and each has an answer of its own."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.data import images
from pipeline.exchange.boxes import FoundBox
from pipeline.exchange.detections import DetectionFiles
from pipeline.naming import animals, cut_outs
from pipeline.naming.catalogue import Source
from pipeline.naming.naming import name_photographs
from pipeline.naming.settings import Options
from pipeline.system.errors import UserError
from tests.pipeline.naming.conftest import NAMES, draw, write
from tests.pipeline.naming.test_naming import read_answers

WIDTH, HEIGHT = 400, 200
PLACES = [(40, 60), (240, 30)]  # of two animals of 120 x 96
BOXES = [[x / WIDTH, y / HEIGHT, 120 / WIDTH, 96 / HEIGHT] for x, y in PLACES]


def write_scene(path, *individuals):
    """A photograph of 400 x 200 with the animals at PLACES on a meadow."""
    rng = np.random.default_rng(5)
    scene = rng.integers(90, 130, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    for individual, (x, y) in zip(individuals, PLACES, strict=False):
        scene[y : y + 96, x : x + 120] = draw(individual, 9)
    write(path, scene)


def write_detections(path, **found):
    """Of each photograph the boxes with their confidences, or a failure."""
    entries = []
    for name, detections in found.items():
        entry = {"file": f"Z:\\cards\\new\\{name}.png"}
        if isinstance(detections, str):
            entries.append(entry | {"failure": detections})
        else:
            rows = [dict(category="1", conf=conf, bbox=box) for box, conf in detections]
            entries.append(entry | {"detections": rows})
    content = {"images": entries, "detection_categories": {"1": "animal"}}
    path.write_text(json.dumps(content), encoding="utf-8-sig")
    return path


@pytest.fixture(scope="module")
def found(drawn, tmp_path_factory):
    """Two animals on one photograph, one on another, none, a failure and one without an entry."""
    root = tmp_path_factory.mktemp("animals")
    new = root / "new"
    write_scene(new / "two.png", 0, 1)
    write_scene(new / "one.png", 4)
    write_scene(new / "meadow.png")
    for name, number in (("failed", 2), ("unlisted", 3)):
        write(new / f"{name}.png", draw(number, 9))
    path = write_detections(
        root / "md.json",
        two=[(BOXES[1], 0.7), (BOXES[0], 0.9)],
        one=[(BOXES[0], 0.8), (BOXES[1], 0.1)],
        meadow=[(BOXES[1], 0.12)],
        failed="Failure image access",
    )
    options = Options(sort=True, detections=DetectionFiles(path))
    result = name_photographs(Source(drawn.catalogue), new, root / "out", options)
    return SimpleNamespace(result=result, out=root / "out", new=new, path=path)


def test_each_animal_of_a_photograph_has_its_own_row(found):
    table = read_answers(found.out)
    two = table.loc["two.png"]
    assert two["animal"].tolist() == ["1 of 2", "2 of 2"]
    assert two["name_1"].tolist() == NAMES[:2] and two["detection"].tolist() == ["0.9", "0.7"]
    places = two[animals.BOX_COLUMNS].astype(float).to_numpy()
    assert np.allclose(places, BOXES, atol=1e-6)
    one = table.loc["one.png"]
    assert (one["animal"], one["name_1"]) == ("1 of 1", NAMES[4])


def test_a_photograph_without_an_animal_is_not_named(found):
    row = read_answers(found.out).loc["meadow.png"]
    assert (row["result"], row["name_1"], row["animal"], row["box_x"]) == ("empty", "", "", "")
    assert row["note"] == (
        "no animal was detected with a confidence of 0.2 or more (the most likely one: 0.12)"
    )


def test_what_the_detector_did_not_see_is_compared_as_a_whole(found):
    table = read_answers(found.out)
    for name, reason in (("failed", "failed (Failure image access)"), ("unlisted", "not among")):
        row = table.loc[f"{name}.png"]
        assert reason in row["note"] and row["animal"] == "" and row["name_1"]
    assert table.loc["failed.png", "name_1"] == NAMES[2]


def test_the_sentences_count_what_is_not_as_usual(found):
    text = "\n".join(found.result.sentences)
    assert "with several animals, each with an answer of its own: 1 (two.png)." in text
    assert "without a detected animal, and without an answer: 1 (meadow.png)." in text
    assert "Photographs without detections, compared as a whole: 2 (" in text
    assert "New photographs: 4, compared with" in text
    html = (found.out / "report.html").read_text()
    assert html.count("<article id=") == 5 and "two.png, animal 2 of 2" in html


def test_a_photograph_of_two_is_sorted_into_both_folders(found):
    copies = list((found.out / "sorted").rglob("two*.png"))
    assert len({copy.parent for copy in copies}) == 2
    assert {copy.read_bytes() for copy in copies} == {(found.new / "two.png").read_bytes()}


def test_the_next_run_cuts_nothing_out_again(found, drawn, monkeypatch):
    before = (found.out / "answers.csv").read_bytes()
    monkeypatch.setattr(cut_outs, "cut_photograph", None)
    options = Options(sort=True, detections=DetectionFiles(found.path))
    name_photographs(Source(drawn.catalogue), found.new, found.out, options)
    assert (found.out / "answers.csv").read_bytes() == before


def test_without_an_animal_nothing_is_compared(found, drawn):
    options = Options(detections=DetectionFiles(found.path, threshold=0.95))
    with pytest.raises(UserError, match=r"no animal on the photographs in .*0.95 or more"):
        name_photographs(Source(drawn.catalogue), found.new / "meadow.png", found.out, options)


def test_a_catalogues_animal_is_the_surest_one_and_keeps_its_file(tmp_path, workspace):
    for name in ("a", "b"):
        write_scene(tmp_path / "new" / f"{name}.png", 0, 1)
    path = write_detections(tmp_path / "md.json", a=[(BOXES[0], 0.3), (BOXES[1], 0.5)], b=[])
    files = [tmp_path / "new" / f"{name}.png" for name in "ab"]
    listed = pd.DataFrame({"path": files, "name": ["x", "y"]})
    options = DetectionFiles(catalogue=path)
    table, sentences = animals.cut_catalogue(listed, tmp_path / "new", options, workspace)
    assert table["file"].tolist() == files and table["path"][1] == files[1]
    cut = images.read_rgb(table["path"][0])
    expected = np.array(cut[60, 60])  # the middle of the second animal, 120 x 96 and a margin
    whole = images.read_rgb(files[0])[30 + 60 - 4, 240 + 60 - 6]
    assert np.abs(expected.astype(int) - whole).max() < 12
    assert "taken for the one with the name: 1 (a.png)." in sentences[0]
    assert "without a detected animal, compared as a whole: 1 (b.png)." in sentences[1]


def test_boxes_outside_of_their_photographs_are_faults(tmp_path, workspace):
    write_scene(tmp_path / "a.png", 0)
    path = tmp_path / "md.json"
    rows = [dict(category="animal", confidence=0.9, bbox=[1000, 10, 1100, 90])]
    path.write_text(json.dumps([{"file": "a.png", "detections": rows}]))
    with pytest.raises(UserError, match=r"a.png: the box 1000, .* none of its 400 x 200 pixels"):
        animals.find_new({"a.png": tmp_path / "a.png"}, DetectionFiles(path), workspace)


def test_a_photograph_that_cannot_be_read_is_left_to_the_description(tmp_path, workspace):
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    path = write_detections(tmp_path / "md.json", a=[(BOXES[1], 0.9)])
    found = animals.find_new({"a.png": tmp_path / "a.png"}, DetectionFiles(path), workspace)
    assert [one.path for one in found.found] == [tmp_path / "a.png"]


def test_the_animals_of_a_catalogue_are_cut_out_by_its_own_boxes(tmp_path, workspace):
    """Two animals on one photograph, as COCO lists them, and a photograph as a whole."""
    write_scene(tmp_path / "two.png", 0, 1)
    write(tmp_path / "one.png", draw(2, 0))
    rows = []
    for box in BOXES:
        x, y, width, height = box
        rows.append((tmp_path / "two.png", FoundBox(x, y, x + width, y + height, True)))
    rows.append((tmp_path / "one.png", None))
    listed = pd.DataFrame(rows, columns=["path", "box"], index=[2, 3, 5]).assign(name=NAMES[:3])
    table, sentences = animals.cut_catalogue(listed, tmp_path, DetectionFiles(), workspace)
    assert sentences == ["Photographs of the catalogue that are cut out by its own boxes: 2."]
    assert table["file"].tolist() == listed["path"].tolist()
    assert table["path"].tolist()[2] == tmp_path / "one.png"
    for path, individual in zip(table["path"][:2], (0, 1), strict=True):
        height, width = images.read_rgb(path).shape[:2]
        middle = images.read_rgb(path)[height // 2 - 20 : height // 2 + 20, width // 2 - 20 :][
            :, :40
        ]
        expected = draw(individual, 9)[28:68, 40:80, ::-1]
        assert np.abs(middle.astype(int) - expected).mean() < 8  # JPEG
    with pytest.raises(UserError, match="boxes of its own: leave out --catalogue-detections"):
        both = DetectionFiles(catalogue=tmp_path / "md.json")
        animals.cut_catalogue(listed, tmp_path, both, workspace)


def test_a_box_outside_of_its_photograph_is_named_with_its_row(tmp_path, workspace):
    write(tmp_path / "one.png", draw(2, 0))
    box = FoundBox(500, 0, 600, 50, relative=False)
    listed = pd.DataFrame({"path": [tmp_path / "one.png"], "box": [box], "name": "A"}, index=[7])
    with pytest.raises(UserError, match="row 7, one.png: the box 500, 0, 600, 50 has none"):
        animals.cut_catalogue(listed, tmp_path, DetectionFiles(), workspace)
