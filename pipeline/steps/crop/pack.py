"""Pack the crops of all photographs, stretched to one size, into one uint8 array file."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from pipeline.data import images, pixels_in_flight, tables
from pipeline.data.pixels_in_flight import IN_FLIGHT
from pipeline.data.warping import warp
from pipeline.params import Crop
from pipeline.steps.crop import boxes
from pipeline.steps.crop.boxes import Box
from pipeline.steps.crop.given import Given
from pipeline.steps.crop.locate import locate
from pipeline.steps.crop.reduced import Reduced, choose_least, read_reduced
from pipeline.system import files
from pipeline.system.errors import UserError
from pipeline.system.workers import start_workers

# Photographs of a run, or fewer if they are large; a GPU segments those of a run at once.
CHUNK, GPU_CHUNK = 32, 128
# Runs in work at once: while one waits for a GPU or for its last photograph, the other goes on.
RUNS = 2

# Finds masks for photographs and their given boxes (None if not given), None for a failure; the
# pool has a thread per core.
Segment = Callable[[list[np.ndarray], list[Box | None], Executor], list[np.ndarray | None]]


def pack(
    table: pd.DataFrame, known: Given, source: str, segment: Segment, settings: Crop, path: Path
) -> pd.DataFrame:
    """Write the crops of all rows of the "images" table to `path`; return the "boxes" table.

    `segment` finds the masks that are not given; its name in the boxes table is `source`. Raises
    UserError if the disk is too small.
    """
    found = cut_crops(table, known, source, segment, settings)
    return save(found, len(table), settings, path)


def save(
    found: Iterable[tuple[np.ndarray, list]], count: int, settings: Crop, path: Path
) -> pd.DataFrame:
    """Write `count` crops, as they come, to `path`; return the "boxes" table of their rows.

    The file is N x height x width x 4 uint8: RGB and the mask, 0 or 255. Raises UserError if the
    disk is too small.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = count, settings.height, settings.width, 4
    check_space(path, int(np.prod(shape)))
    rows = []

    def write(part: Path) -> None:
        # not by a memory map: its pages would count as the program's memory
        np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=shape)
        files.reserve(part)
        with part.open("r+b") as file:
            file.seek(-int(np.prod(shape)), os.SEEK_END)
            for crop, row in found:
                assert crop.shape == shape[1:]
                file.write(np.ascontiguousarray(crop, np.uint8).data)
                rows.append(row)
        assert len(rows) == count

    tables.replace(path, write)
    return pd.DataFrame(rows, columns=tables.COLUMNS["boxes"])


def read_saved(path: Path, boxes: pd.DataFrame) -> Iterator[tuple[np.ndarray, list]]:
    """Yield each crop of a file that `save` wrote, and its row of the "boxes" table."""
    rows = boxes[tables.COLUMNS["boxes"]].itertuples(index=False, name=None)
    for crop, row in zip(tables.open_array(path), rows, strict=True):
        yield crop, list(row)


def check_space(path: Path, needed: int) -> None:
    """Raise UserError if the disk is too small."""
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise UserError(
            f"{path} needs {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free: "
            "make room, or lower crop.height and crop.width"
        )


def cut_crops(
    table: pd.DataFrame, known: Given, source: str, segment: Segment, settings: Crop
) -> Iterator[tuple[np.ndarray, list]]:
    """Yield each image's crop and its row of the "boxes" table, in order; it is decoded once."""
    with (
        start_workers() as pool,
        ThreadPoolExecutor(RUNS) as drivers,
        tqdm(total=len(table), desc="crop", disable=None) as progress,
    ):

        def cut(run: range) -> list[tuple[np.ndarray, list]]:
            rows = table.iloc[run.start : run.stop]
            with IN_FLIGHT.hold(sum(count_pixels(rows))):
                return cut_run(rows, known, source, segment, settings, pool)

        for crops in drivers.map(cut, split_runs(table, torch.cuda.is_available())):
            yield from crops
            progress.update(len(crops))


def split_runs(table: pd.DataFrame, gpu: bool) -> list[range]:
    """Split the rows of the "images" table into those that are segmented together.

    What comes before a run does not change how the rows from its first one on are split.
    """
    most, limit = GPU_CHUNK if gpu else CHUNK, pixels_in_flight.MAX_PIXELS // RUNS
    return pixels_in_flight.split_rows(count_pixels(table), most, limit)


def count_pixels(table: pd.DataFrame) -> list[int]:
    """The pixels of each photograph."""
    return (table["width"] * table["height"]).tolist()


def cut_run(
    table: pd.DataFrame,
    known: Given,
    source: str,
    segment: Segment,
    settings: Crop,
    pool: Executor,
) -> list[tuple[np.ndarray, list]]:
    """Return the crops and rows of photographs that fit into memory together."""
    rows = [table[column] for column in ("image", "path", "width", "height")]
    photographs = list(pool.map(partial(read_reduced, least=choose_least(settings)), *rows))
    given_boxes = [photo.reduce_box(known.boxes.get(photo.name)) for photo in photographs]
    masks = list(pool.map(partial(load_given_mask, known), photographs))
    sources = ["mask" if mask is not None else source for mask in masks]
    fill_masks(masks, [photo.rgb for photo in photographs], given_boxes, segment, pool)
    cut = partial(cut_crop, known, settings)
    return list(pool.map(cut, photographs, masks, sources))


def load_given_mask(known: Given, photograph: Reduced) -> np.ndarray | None:
    """Load the image's given mask; None if there is none."""
    path = known.masks.get(photograph.name)
    return None if path is None else photograph.read_mask(path)


def fill_masks(
    masks: list[np.ndarray | None],
    photographs: list[np.ndarray],
    given_boxes: list[Box | None],
    segment: Segment,
    pool: Executor,
) -> None:
    """Replace every mask that is None by what `segment` finds."""
    missing = [i for i, mask in enumerate(masks) if mask is None]
    if missing:
        without = [photographs[i] for i in missing]
        segmented = segment(without, [given_boxes[i] for i in missing], pool)
        for i, mask in zip(missing, segmented, strict=True):
            masks[i] = mask


def cut_crop(
    known: Given, settings: Crop, photograph: Reduced, mask: np.ndarray | None, source: str
) -> tuple[np.ndarray, list]:
    """Cut out one crop, height x width x 4, and make its row of the "boxes" table."""
    name, size = photograph.name, (settings.width, settings.height)
    given_box = known.boxes.get(name)
    location = locate(photograph.shape, photograph.reduce_box(given_box), mask, source, settings)
    matrix = boxes.transform(location.frame, *size)
    whole = photograph.enlarge_matrix(matrix)
    crop = warp_crop(photograph.rgb, location.mask, matrix, *size)
    if photograph.factor > 1 and is_enlarged(matrix):
        rgb = images.read_rgb(photograph.path)
        crop[..., :3] = warp(rgb, whole, *size, cv2.BORDER_REPLICATE)
    box = given_box or photograph.enlarge_box(location.box)
    return crop, [name, *box, location.source, *whole.ravel().tolist()]


def is_enlarged(matrix: np.ndarray) -> bool:
    """Whether a crop has more pixels across or down than what it shows."""
    return bool((np.hypot(matrix[:, 0], matrix[:, 1]) > 1).any())


def warp_crop(
    photograph: np.ndarray, mask: np.ndarray | None, matrix: np.ndarray, width: int, height: int
) -> np.ndarray:
    """Warp a photograph and its mask (None: all 255) to height x width x 4.

    Outside the photograph its border is repeated, and the mask is 0.
    """
    crop = np.full((height, width, 4), 255, np.uint8)
    crop[..., :3] = warp(photograph, matrix, width, height, cv2.BORDER_REPLICATE)
    if mask is not None:
        warped = warp(mask, matrix, width, height, cv2.BORDER_CONSTANT)
        crop[..., 3] = np.where(warped > 127, 255, 0)
    return crop
