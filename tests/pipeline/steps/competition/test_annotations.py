"""Masks and boxes: used if their meaning is clear, else one fault each."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.steps.competition import competition
from pipeline.system.errors import Faults
from tests.pipeline.steps.competition.conftest import COLUMNS, write_photo

NAMES = ("a", "b", "c", "d", "e")


def find_faults(folder) -> list[str]:
    with pytest.raises(Faults) as caught:
        competition.read_competition(folder, COLUMNS)
    return caught.value.faults


def write_mask(path, pixels):
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), pixels)


def animal(value=255):
    pixels = np.zeros((8, 16), np.uint8)
    pixels[2:6, 4:12] = value
    return pixels


def write_turned(path, orientation):
    """A photograph stored as 8 x 16 and shown as 16 x 8, if its EXIF orientation is 5 to 8."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = io.BytesIO()
    Image.fromarray(np.full((16, 8, 3), 99, np.uint8)).save(data, "JPEG", exif=exif)
    path.write_bytes(data.getvalue())


def write_boxes(folder, *rows):
    (folder / "boxes.csv").write_text("Image,x0,y0,x1,y1\n" + "\n".join(rows) + "\n")


def test_names_and_sizes_of_masks(folder):
    write_mask(folder / "masks/a.png", animal())
    write_mask(folder / "masks/b.png", np.zeros((8, 17), np.uint8))
    write_mask(folder / "masks/z.png", animal())
    write_photo(folder / "masks/c.jpg")
    (folder / "masks/d.png").write_bytes(b"no image")
    found = find_faults(folder)
    assert found[:2] == [
        "masks/b.png: 17 x 8, its image is 16 x 8: scale the mask or delete it",
        "masks/c.jpg: a mask has to be a PNG file",
    ]
    assert "masks/d.png: not an image" in found[2]
    assert found[3:] == ["masks/z.png: 0 images are called z, expected 1"]


@pytest.mark.fault(
    "annotations",
    "masks of 0 and 1, of class numbers, colours, opacity or a palette",
    "counted as given, and used",
)
@pytest.mark.parametrize(
    "pixels",
    [animal(1), animal(7), animal(100), cv2.merge([animal(0), animal(0), animal(128)])],
    ids=["0 and 1", "a class", "100", "a colour"],
)
def test_masks_with_one_meaning_are_given(folder, capsys, pixels):
    for name in NAMES:
        write_mask(folder / f"masks/{name}.png", pixels)
    write_boxes(folder, "a.jpg,4,2,12,6")
    competition.read_competition(folder, COLUMNS)
    assert "competition: 1 boxes and 5 masks are given" in capsys.readouterr().out


@pytest.mark.fault(
    "annotations",
    "masks that are constant, inverted, of several classes or of another size",
    "one fault for each, before anything runs; nothing is counted as given",
)
def test_masks_without_a_clear_meaning(folder, capsys):
    masks = [animal(0), animal() + 255, 255 - animal(), animal(1) + animal(2)[::-1, ::-1]]
    masks[3][2:6, 4:6] = 1
    for name, pixels in zip(NAMES, [*masks, animal()], strict=True):
        write_mask(folder / f"masks/{name}.png", pixels.astype(np.uint8))
    masks[1][:] = 255
    write_mask(folder / "masks/b.png", masks[1])
    found = find_faults(folder)
    starts = ["a.png: every pixel is 0", "b.png: every pixel is 255", "c.png: marks the edge"]
    starts += ["d.png: no pixel is above 127, and the levels (0, 1, 3)"]
    assert len(found) == 4 and all("delete the mask" in fault for fault in found)
    for fault, start in zip(found, starts, strict=True):
        assert fault.startswith(f"masks/{start}")
    assert "given" not in capsys.readouterr().out


@pytest.mark.fault(
    "annotations",
    "a mask that marks nothing inside of the box of the same photograph",
    "one fault that names both",
)
def test_a_mask_and_a_box_that_contradict_each_other(folder):
    write_mask(folder / "masks/a.png", animal())
    write_boxes(folder, "a.jpg,0,0,3,8")
    (found,) = find_faults(folder)
    assert found.startswith("masks/a.png: marks no pixel inside of the box of a.jpg in boxes.csv")


@pytest.mark.fault(
    "annotations",
    "masks and boxes of a photograph as it is stored, before EXIF's orientation turns it",
    "those of another size or outside are faults that say so; for the others the log says which "
    "is meant",
)
def test_photographs_that_are_turned(folder, caplog):
    for name, orientation in (("a", 6), ("b", 8)):
        write_turned(folder / f"train/{name}.jpg", orientation)
    write_mask(folder / "masks/a.png", np.ascontiguousarray(animal().T))
    write_boxes(folder, "b.jpg,0,4,8,16")
    found = find_faults(folder)
    assert found[0].startswith("masks/a.png: 8 x 16, its image is 16 x 8: it fits the image turned")
    assert found[1].startswith("boxes.csv, row 2: b.jpg has a box outside its 16 x 8 pixels: 0, 4")
    assert all(fault.endswith("as it is shown, turned by its EXIF orientation") for fault in found)
    write_mask(folder / "masks/a.png", animal())
    write_boxes(folder, "c.jpg,4,2,12,6")
    caplog.clear()
    competition.read_competition(folder, COLUMNS)
    (said,) = caplog.messages
    assert said.startswith("1 photographs with masks or boxes are turned or mirrored")
    assert "(a.jpg)" in said and said.endswith("as those of the photograph as it is shown")


@pytest.mark.fault("annotations", "boxes in fractions (0, 0, 1, 1)", "a fault for each")
def test_a_box_of_one_pixel(folder):
    write_boxes(folder, "a.jpg,0,0,1,1", "b.jpg,0,0,2,1")
    assert find_faults(folder) == [
        "boxes.csv, row 2: a.jpg has a box of one pixel: 0, 0, 1, 1: corners are pixels, "
        "not fractions"
    ]
