"""A catalogue, new photographs and a detector's boxes become a competition without a solution."""

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline import params
from pipeline.catalogue.convert import convert
from pipeline.catalogue.source import Source
from pipeline.catalogue.split import Split
from pipeline.data import competition_directory, exif
from pipeline.exchange.detections import DetectionFiles
from pipeline.steps.competition import competition
from pipeline.system.errors import UserError
from tests.conftest import ROOT

P = params.load(ROOT / "tests/params.yaml")
LEFT, RIGHT = [0.1, 0.25, 0.3, 0.5], [0.6, 0.25, 0.3, 0.5]
TAKEN = "2024:06:01 10:00:00"


def draw(seed: int) -> np.ndarray:
    grey = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(grey, (200, 100), interpolation=cv2.INTER_CUBIC)


def write(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    block = Image.Exif()
    block.get_ifd(0x8769)[0x9003] = TAKEN
    Image.fromarray(draw(seed)).save(path, quality=100, subsampling=0, exif=block)
    return path


def write_detections(path: Path, **boxes: list[list[float]]) -> Path:
    images = [
        {
            "file": f"{name}.jpg",
            "detections": [{"category": "1", "conf": 0.9, "bbox": box} for box in found],
        }
        for name, found in boxes.items()
    ]
    content = {"images": images, "detection_categories": {"1": "animal", "2": "person"}}
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def study(tmp_path, monkeypatch) -> Path:
    """Two known animals with two photographs; new ones with one animal, two, none, and unlisted."""
    monkeypatch.chdir(ROOT)
    for seed, name in enumerate(("a/1", "a/2", "b/1", "b/2")):
        write(tmp_path / f"catalogue/{name}.jpg", seed)
    for seed, name in enumerate(("cam1/one", "cam1/two", "cam2/none", "cam2/rest")):
        write(tmp_path / f"new/{name}.jpg", 10 + seed)
    found = {"cam1/one": [LEFT], "cam1/two": [LEFT, RIGHT], "cam2/none": []}
    write_detections(tmp_path / "md.json", **found)
    return tmp_path


def convert_study(study: Path, **more):
    source = Source(study / "catalogue", detections=DetectionFiles(study / "md.json", **more))
    return convert(source, Split(folder=study / "new"), study / "out", P.dedup)


def test_each_animal_is_a_photograph_of_the_test(study):
    summary = convert_study(study)
    assert (summary.training, summary.test, summary.new) == (4, 4, None)
    read = competition.read_competition(study / "out", P.competition.columns, use_exif=True)
    assert read.images["split"].value_counts().to_dict() == {"train": 4, "test": 4}
    assert not (study / "out/solution.csv").exists()
    assert set(read.occasions["date"]) == {"2024-06-01"} and len(read.occasions) == 8
    names = competition_directory.read_names(study / "out").set_index("photograph")
    assert names.loc["a/1.jpg", "path"] == str(study / "catalogue/a/1.jpg")
    assert names.loc["cam1/two.jpg", "animal"].tolist() == ["1 of 2", "2 of 2"]
    assert names.loc["cam1/one.jpg", ["animal", "detection"]].tolist() == ["1 of 1", "0.9000"]
    assert names.loc["cam2/rest.jpg", ["animal", "box_x"]].tolist() == ["", ""]
    left_out = pd.read_csv(study / "out/truth/left_out.csv")
    reason = "no animal was detected with a confidence of 0.2 or more"
    assert left_out.to_numpy().tolist() == [["cam2/none.jpg", reason]]


def test_of_two_animals_each_is_cut_out_with_its_box_and_its_date(study):
    convert_study(study)
    names = competition_directory.read_names(study / "out").set_index("photograph")
    boxes = pd.read_csv(study / "out/boxes.csv").set_index("Image")
    whole = draw(11).astype(int)
    for row, x in zip(names.loc["cam1/two.jpg"].to_dict("records"), (20, 120), strict=True):
        part = study / "out/test" / row["Image"]
        # 60 x 50 pixels with a tenth more on each side
        pixels = np.asarray(Image.open(part)).astype(int)
        assert np.abs(pixels - whole[20:80, x - 6 : x + 66]).mean() < 3
        assert boxes.loc[row["Image"]].tolist() == [6, 5, 66, 55]
        assert exif.read_occasion(part)["date"] == "2024-06-01"
        place = [float(row[name]) for name in ("box_x", "box_y", "box_width", "box_height")]
        assert place == [x / 200, 0.25, 0.3, 0.5]
    one = names.loc["cam1/one.jpg", "Image"]
    assert boxes.loc[one].tolist() == [20, 25, 80, 75]
    assert (study / "out/test" / one).read_bytes() == (study / "new/cam1/one.jpg").read_bytes()


def test_the_surest_animal_of_a_catalogues_photograph_has_the_name(study):
    known = write_detections(study / "known.json", **{"a/1": [LEFT, RIGHT], "a/2": [], "b/1": []})
    convert_study(study, catalogue=known)
    names = competition_directory.read_names(study / "out").set_index("photograph")
    boxes = pd.read_csv(study / "out/boxes.csv").set_index("Image")
    assert boxes.loc[names.loc["a/1.jpg", "Image"]].tolist() == [20, 25, 80, 75]
    assert not {names.loc[name, "Image"] for name in ("a/2.jpg", "b/1.jpg")} & set(boxes.index)


def test_a_turned_photograph_is_cut_out_upright(study):
    block = Image.Exif()
    block[0x0112] = 6  # a quarter turn
    Image.fromarray(draw(11)).save(study / "new/cam1/two.jpg", quality=100, exif=block)
    convert_study(study)
    names = competition_directory.read_names(study / "out").set_index("photograph")
    part = Image.open(study / "out/test" / names.loc["cam1/two.jpg", "Image"].iloc[0])
    # the upright photograph is 100 x 200: of the box 30 x 100, 3 and 10 more on each side
    assert part.size == (36, 120) and 0x0112 not in part.getexif()


def test_photographs_without_any_animal_are_no_test(study):
    none = {f"cam{n}/{name}": [] for n, name in ((1, "one"), (1, "two"), (2, "none"), (2, "rest"))}
    write_detections(study / "md.json", **none)
    with pytest.raises(UserError, match=r"nothing was written: there is no animal .*--threshold"):
        convert_study(study)


def test_a_competition_among_the_new_photographs_is_refused(study):
    source = Source(study / "catalogue")
    with pytest.raises(UserError, match="name another"):
        convert(source, Split(folder=study / "new"), study / "new/out", P.dedup)


def test_a_folder_that_is_not_there(study):
    source = Source(study / "catalogue")
    with pytest.raises(UserError, match="there is no folder"):
        convert(source, Split(folder=study / "nowhere"), study / "out", P.dedup)
