"""Every photograph cut out and stretched to one size, in one uint8 memory map."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data import images, tables
from pipeline.data.warping import warp
from pipeline.params import Crop
from pipeline.steps.crop import boxes, given
from pipeline.steps.crop.boxes import Box
from pipeline.steps.crop.given import Given
from pipeline.steps.crop.locate import Located, locate

# Photographs held in memory at once: 1.2 GB of 12-megapixel ones.
CHUNK = 32

# Masks for a list of photographs and their given boxes (None where none is); None for a failure.
Segment = Callable[[list[np.ndarray], list[Box | None]], list[np.ndarray | None]]


def pack(
    table: pd.DataFrame, known: Given, source: str, segment: Segment, settings: Crop, path: Path
) -> pd.DataFrame:
    """Write the crops of all rows of the "images" table to `path`; return the "boxes" table.

    The file is N x height x width x 4 uint8: RGB and the mask, 0 or 255. Photographs without a
    given mask get theirs from `segment`, whose name in the boxes table is `source`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = len(table), settings.height, settings.width, 4
    check_space(path, int(np.prod(shape)))
    rows = []

    def save(part: Path) -> None:
        crops = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=shape)
        for i, (crop, row) in enumerate(cropped(table, known, source, segment, settings)):
            crops[i] = crop
            rows.append(row)
        crops.flush()

    tables.replace(path, save)
    return pd.DataFrame(rows, columns=tables.COLUMNS["boxes"])


def check_space(path: Path, needed: int) -> None:
    """Raises OSError where the disk is too small: a memory map would kill the process instead."""
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise OSError(
            f"{path} needs {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free: "
            "make room, or lower crop.height and crop.width"
        )


def cropped(
    table: pd.DataFrame, known: Given, source: str, segment: Segment, settings: Crop
) -> Iterator[tuple[np.ndarray, list]]:
    """Each image's crop and its row of the "boxes" table, in order; each decoded once."""
    with (
        ThreadPoolExecutor() as pool,
        tqdm(total=len(table), desc="crop", disable=None) as progress,
    ):
        for start in range(0, len(table), CHUNK):
            names = table["image"].iloc[start : start + CHUNK]
            photographs = list(pool.map(images.read_rgb, table["path"].iloc[start : start + CHUNK]))
            given_boxes = [known.boxes.get(name) for name in names]
            masks = list(pool.map(partial(given_mask, known), names, photographs))
            sources = ["mask" if mask is not None else source for mask in masks]
            fill_in(masks, photographs, given_boxes, segment)
            cut = partial(cut_out, settings)
            yield from pool.map(cut, names, photographs, given_boxes, masks, sources)
            progress.update(len(names))


def given_mask(known: Given, name: str, photograph: np.ndarray) -> np.ndarray | None:
    """The image's given mask; None where there is none, or nothing in it."""
    if name not in known.masks:
        return None
    height, width = photograph.shape[:2]
    mask = given.read_mask(known.masks[name], width, height)
    return mask if mask.any() else None


def fill_in(
    masks: list[np.ndarray | None],
    photographs: list[np.ndarray],
    given_boxes: list[Box | None],
    segment: Segment,
) -> None:
    """Put what `segment` finds where a mask is None."""
    missing = [i for i, mask in enumerate(masks) if mask is None]
    if missing:
        found = segment([photographs[i] for i in missing], [given_boxes[i] for i in missing])
        for i, mask in zip(missing, found, strict=True):
            masks[i] = mask


def cut_out(
    settings: Crop,
    name: str,
    photograph: np.ndarray,
    given_box: Box | None,
    mask: np.ndarray | None,
    source: str,
) -> tuple[np.ndarray, list]:
    """One crop, height x width x 4, and its row of the "boxes" table."""
    found = locate(photograph.shape[:2], given_box, mask, source, settings)
    matrix = boxes.transform(found.frame, settings.width, settings.height)
    crop = warped_crop(photograph, found, matrix, settings.width, settings.height)
    return crop, [name, *found.box, found.source, *matrix.ravel().tolist()]


def warped_crop(
    photograph: np.ndarray, found: Located, matrix: np.ndarray, width: int, height: int
) -> np.ndarray:
    """RGB and mask of one crop. Outside the photograph its border goes on, and the mask is 0."""
    crop = np.full((height, width, 4), 255, np.uint8)
    crop[..., :3] = warp(photograph, matrix, width, height, cv2.BORDER_REPLICATE)
    if found.mask is not None:
        mask = warp(found.mask, matrix, width, height, cv2.BORDER_CONSTANT)
        crop[..., 3] = np.where(mask > 127, 255, 0)
    return crop
