"""The optional annotations of a competition: masks, boxes and viewpoints, with their faults."""

from pathlib import Path

import cv2
import pandas as pd

from pipeline.data import images, photograph_files
from pipeline.params import Columns
from pipeline.steps.competition import checks
from pipeline.steps.competition.threads import map_in_threads

Sizes = dict[str, list[tuple[int, int]]]


def check_masks(folder: Path, table: pd.DataFrame) -> list[str]:
    """Find masks of no image or two, of another size than their image, or not 8-bit PNG."""
    sizes: Sizes = {}
    for name, width, height in zip(table["image"], table["width"], table["height"], strict=True):
        sizes.setdefault(Path(name).stem, []).append((width, height))
    masks = sorted(folder.iterdir()) if folder.is_dir() else []
    masks = [mask for mask in masks if not photograph_files.is_rubbish(mask.name)]
    faults = map_in_threads(lambda mask: _mask_fault(mask, sizes), masks, "masks")
    return [fault for fault in faults if fault]


def _mask_fault(mask: Path, sizes: Sizes) -> str:
    """The fault of one mask, or "". `sizes` lists the images' width and height by their stem."""
    image_sizes = sizes.get(mask.stem, [])
    if reason := photograph_files.SINGULAR.get(photograph_files.find_kind(mask)):
        return f"masks/{mask.name} {reason}"
    if mask.suffix != ".png":
        return f"masks/{mask.name}: a mask has to be a PNG file"
    if len(image_sizes) != 1:
        return f"masks/{mask.name}: {len(image_sizes)} images are called {mask.stem}, expected 1"
    try:
        pixels = images.decode(images.read_bytes(mask), mask, cv2.IMREAD_UNCHANGED)
    except ValueError as error:
        return str(error)
    height, width = pixels.shape[:2]
    image_width, image_height = image_sizes[0]
    if str(pixels.dtype) != "uint8":
        return f"masks/{mask.name}: {pixels.dtype}, a mask has 8 bits per pixel"
    if (image_width, image_height) not in [(width, height), (0, 0)]:
        return f"masks/{mask.name}: {width} x {height}, its image is {image_width} x {image_height}"
    return ""


def check_boxes(path: Path, table: pd.DataFrame, columns: Columns) -> list[str]:
    """Find the faults of boxes.csv, given the "images" table; none if there is no such file."""
    if not path.exists():
        return []
    faults: list[str] = []
    rows = checks.read_csv(path, [columns.image, *checks.BOX], faults)
    readable = table[table["width"] > 0]
    widths_and_heights = zip(readable["width"], readable["height"], strict=True)
    sizes = dict(zip(readable["image"], widths_and_heights, strict=True))
    return faults + checks.check_boxes(rows, sizes, set(table["image"]))


def read_viewpoints(
    path: Path, listed: set[str], columns: Columns, faults: list[str]
) -> pd.DataFrame:
    """Read the table "viewpoints"; empty if there is no viewpoints.csv.

    An empty viewpoint is unknown: its row is left out. `listed` are the images of all tables.
    """
    rows = pd.DataFrame(columns=[columns.image, "viewpoint"], dtype=str)
    if (path.parent / "sides.csv").exists():
        faults.append(
            f"sides.csv: has become viewpoints.csv, columns {columns.image},viewpoint; rename it"
        )
    if path.exists():
        rows = checks.read_csv(path, list(rows.columns), faults)
        rows = rows.assign(viewpoint=rows["viewpoint"].str.strip())
        faults += checks.check_viewpoints(rows, listed)
    return rows[rows["viewpoint"] != ""].set_axis(["image", "viewpoint"], axis=1)
