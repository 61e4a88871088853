"""The step `crop`: find the animal in every photograph and cut it out."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pipeline import images
from pipeline.crop import given, grabcut, unet, unet_training
from pipeline.crop.boxes import Box
from pipeline.crop.given import Given
from pipeline.crop.pack import Segment, pack
from pipeline.params import Crop


def crop(
    table: pd.DataFrame, directory: Path, column: str, settings: Crop, crops: Path
) -> pd.DataFrame:
    """Cut out all rows of the "images" table into the array file `crops`; return the "boxes" table.

    `directory` is the competition's: its masks and boxes.csv (with `column` for the images) are
    used where they exist. Enough masks teach a U-Net, which finds the animal in the other
    photographs; with fewer, `settings.without_masks` says what happens to those. Where the step is
    not enabled, every photograph is packed whole.
    """
    known = given.read(directory, table, column) if settings.enabled else Given({}, {})
    found = f"{len(known.boxes)} boxes and {len(known.masks)} masks are given"
    print("crop:", found if settings.enabled else "switched off", flush=True)
    source, segment = segmenter(table, known, settings)
    boxes = pack(table, known, source, segment, settings, crops)
    counts = boxes["source"].value_counts().sort_index()
    print("crop:", ", ".join(f"{count} {name}" for name, count in counts.items()), flush=True)
    return boxes


def segmenter(table: pd.DataFrame, known: Given, settings: Crop) -> tuple[str, Segment]:
    """The name and the function of what finds masks where none is given."""
    if not settings.enabled or len(known.masks) == len(table):
        return "whole", nothing
    lessons = training_set(table, known, settings.unet.size * unet_training.DETAIL)
    if len(lessons) >= settings.unet.min_masks:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        net = unet_training.train(np.stack(lessons), settings.unet, device)
        return "unet", partial(unet.masks, net, settings.unet.size)
    if settings.without_masks == "grabcut":
        return "grabcut", grabcut.masks
    return "whole", nothing


def nothing(photographs: list[np.ndarray], boxes: list[Box | None]) -> list[None]:
    """No mask for any photograph."""
    return [None] * len(photographs)


def training_set(table: pd.DataFrame, known: Given, size: int) -> list[np.ndarray]:
    """Every photograph with its given mask, uint8 size x size x 4 each; empty masks left out."""
    rows = table[table["image"].isin(known.masks)]
    files = [known.masks[name] for name in rows["image"]]
    with ThreadPoolExecutor() as pool:
        lessons = pool.map(partial(lesson, size), rows["path"], files)
        return [one for one in lessons if one[..., 3].any()]


def lesson(size: int, photograph: str, mask: Path) -> np.ndarray:
    """One photograph and its mask stretched to size x size x 4; a pixel half covered is 127."""
    rgb = images.read_rgb(photograph)
    height, width = rgb.shape[:2]
    found = given.read_mask(mask, width, height)
    return np.dstack([unet.thumbnail(rgb, size), unet.thumbnail(found, size)])
