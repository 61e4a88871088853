"""Boxes and masks in the columns bbox and segmentation of a metadata.csv.

A box is [x, y, width, height] in pixels; a mask is a file, or the corners of polygons [x1, y1, x2,
y2, ...] (wildlife-datasets, docs/dataframe.md). Run-length codes are not read.
"""

import json
import logging
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import given_masks, importing, tables
from pipeline.steps.competition import checks
from pipeline.steps.competition.listing import Annotations, Polygons
from pipeline.system.errors import UserError

logger = logging.getLogger(__name__)

# the first characters of a run-length code, and of corners; everything else is a file
CODE, OUTLINE = "{", "["
Size = tuple[int, int]


def read_annotations(
    path: Path, rows: pd.DataFrame, table: pd.DataFrame, faults: list[str]
) -> Annotations:
    """The boxes and masks of metadata rows; what is wrong is added to `faults`.

    rows : as `metadata_csv.read_metadata` gives them
    table : photographs with width and height, 0 of those that can't be read
    """
    readable = table[table["width"] > 0]
    pairs = zip(readable["width"], readable["height"], strict=True)
    sizes = dict(zip(readable["image"], pairs, strict=True))
    rows = rows[rows["image"].isin(sizes)]
    boxes = _read_boxes(rows, sizes, faults)
    codes = rows["mask"].str.startswith(CODE)
    if codes.any():
        logger.warning("%d masks are run-length codes, which are not read", codes.sum())
    polygons = _read_polygons(rows[rows["mask"].str.startswith(OUTLINE)], faults)
    masks = _find_masks(path, select_mask_files(rows), sizes, faults)
    print(f"competition: {len(boxes)} boxes and {len(masks) + len(polygons)} masks are given")
    return Annotations(boxes, masks, polygons)


def select_mask_files(rows: pd.DataFrame) -> pd.DataFrame:
    """The metadata rows whose mask is a file."""
    return rows[(rows["mask"] != "") & ~rows["mask"].str.startswith((CODE, OUTLINE))]


def _read_boxes(rows: pd.DataFrame, sizes: dict[str, Size], faults: list[str]) -> pd.DataFrame:
    found = []
    for row, image, cell in rows.loc[rows["box"] != "", ["image", "box"]].itertuples(name=None):
        try:
            found.append((image, *convert_box(cell, *sizes[image])))
        except ValueError as error:
            faults.append(f"metadata.csv, row {row}: {image} has a {error}")
    return pd.DataFrame(found, columns=tables.COLUMNS["given_boxes"])


def convert_box(cell: str, width: int, height: int) -> tuple[int, int, int, int]:
    """Whole pixels x0, y0, x1, y1 around "[x, y, width, height]", clipped to the photograph.

    Raises ValueError for anything else, and for a box that contains no pixel.
    """
    try:
        numbers = [float(part) for part in cell.strip("[]() ").replace(",", " ").split()]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise ValueError(f"box that is not four numbers x, y, width, height: {cell}")
    x, y, across, down = numbers
    x0, y0 = max(math.floor(x), 0), max(math.floor(y), 0)
    x1, y1 = min(math.ceil(x + across), width), min(math.ceil(y + down), height)
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"box without a pixel of its {width} x {height}: {cell}")
    return x0, y0, x1, y1


def _read_polygons(rows: pd.DataFrame, faults: list[str]) -> Polygons:
    polygons: Polygons = {}
    for row, image, cell in rows[["image", "mask"]].itertuples(name=None):
        try:
            polygons[image] = list(parse_polygons(cell))
        except ValueError:
            faults.append(
                f"metadata.csv, row {row}: {image} has a segmentation that is neither a file nor "
                "the corners of polygons [x1, y1, x2, y2, ...]"
            )
    return polygons


def parse_polygons(cell: str) -> Iterator[np.ndarray]:
    """Yield each polygon of a cell as n x 2 corners; raises ValueError for anything else."""
    outlines = json.loads(cell)
    if outlines and not isinstance(outlines[0], list):
        outlines = [outlines]
    for outline in outlines:
        corners = np.asarray(outline, dtype=float).reshape(-1, 2)
        if len(corners) < 3 or not np.isfinite(corners).all():
            raise ValueError(cell)
        yield corners


def _find_masks(
    path: Path, rows: pd.DataFrame, sizes: dict[str, Size], faults: list[str]
) -> dict[str, Path]:
    masks = {}
    for row, image, name in rows[["image", "mask"]].itertuples(name=None):
        masks[image] = importing.find_path(path, name)
        fault = _find_mask_fault(path, name, sizes[image])
        faults += [f"metadata.csv, row {row}: mask {name}: {fault}"] if fault else []
    return masks


def _find_mask_fault(path: Path, name: str, size: Size) -> str:
    """Why a cell names no mask of a photograph of this size, or ""."""
    if not checks.is_inside(name):
        return f"is not a file below {path}"
    try:
        given_masks.read_mask(importing.find_path(path, name), *size)
    except UserError as error:
        return str(error)
    return ""
