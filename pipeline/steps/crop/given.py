"""The boxes and masks that are given with the photographs; both optional, for any of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import given_masks, user_csv
from pipeline.steps.crop.boxes import Box
from pipeline.system.errors import UserError

CORNERS = ["x0", "y0", "x1", "y1"]


@dataclass(frozen=True)
class Given:
    """By image: its box in pixels, and the file of its mask."""

    boxes: dict[str, Box]
    masks: dict[str, Path]


def read_given(directory: Path, table: pd.DataFrame, column: str) -> Given:
    """Read boxes.csv and find masks/<stem>.png for the rows of the "images" table.

    `column` is the competition's name for the image column of boxes.csv. Boxes are clipped to the
    photograph; UserError if nothing is left, and if two photographs would have the same mask.
    """
    boxes = read_boxes(directory / "boxes.csv", table, column)
    return Given(boxes, find_mask_files(directory, table))


def read_boxes(path: Path, table: pd.DataFrame, column: str) -> dict[str, Box]:
    """Read the boxes of the images in `table`; none if there is no such file."""
    if not path.exists():
        return {}
    rows = user_csv.read_user_csv(path, [column, *CORNERS])
    sizes = dict(
        zip(table["image"], zip(table["width"], table["height"], strict=True), strict=True)
    )
    return {
        name: clip_box(f"{path}, row {row}: {name}", corners, *sizes[name])
        for row, name, *corners in rows.itertuples(name=None)
        if name in sizes
    }


def clip_box(name: str, corners: list, width: int, height: int) -> Box:
    """Clip a box to its photograph; ValueError, with `name`, if it contains no pixel."""
    try:
        x0, y0, x1, y1 = (int(round(float(corner))) for corner in corners)
    except (ValueError, OverflowError):  # int(inf)
        raise UserError(f"{name}: {corners} are not four numbers x0, y0, x1, y1") from None
    box = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if box[0] >= box[2] or box[1] >= box[3]:
        raise UserError(
            f"{name}: the box {(x0, y0, x1, y1)} contains no pixel of the {width} x {height} "
            "photograph; correct the row or delete it (x1 and y1 are exclusive)"
        )
    return box


def find_mask_files(directory: Path, table: pd.DataFrame) -> dict[str, Path]:
    """Find the mask file of every image that has one; UserError if two have the same."""
    files = {path.stem: path for path in sorted((directory / "masks").glob("*.png"))}
    masks = {name: files[Path(name).stem] for name in table["image"] if Path(name).stem in files}
    if len(set(masks.values())) < len(masks):
        twice = pd.Series(masks).astype(str).loc[lambda paths: paths.duplicated(keep=False)]
        raise UserError(f"{twice.iloc[0]}: the mask of {list(twice.index[:2])}; rename one image")
    return masks


def read_mask(path: Path, width: int, height: int) -> np.ndarray:
    """Read a mask as uint8 H x W, 0 and 255; UserError naming the file if it can't be used."""
    try:
        return given_masks.read_mask(path, width, height)
    except given_masks.UnclearMask as error:
        raise UserError(f"{path}: {error}") from None
