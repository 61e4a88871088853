"""Training examples of the U-Net: photographs with the masks of their animals."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data.pixels_in_flight import IN_FLIGHT
from pipeline.steps.crop import grabcut, unet
from pipeline.steps.crop.boxes import Box
from pipeline.steps.crop.given import Given
from pipeline.steps.crop.reduced import WHOLE, read_reduced
from pipeline.system.workers import start_workers

MAX_EXAMPLES = 2000  # half a GB at 256 x 256; more bring nothing


def load_examples(table: pd.DataFrame, known: Given, size: int) -> dict[str, np.ndarray]:
    """Load photographs with given masks, by image; uint8 size x size x 4. No empty masks."""
    rows = spread(table[table["image"].isin(known.masks)])
    files = [known.masks[name] for name in rows["image"]]
    with start_workers() as pool:
        examples = pool.map(partial(load_example, size), *describe(rows), files)
        pairs = zip(rows["image"], examples, strict=True)
        return {name: example for name, example in pairs if example[..., 3].any()}


def describe(table: pd.DataFrame) -> list[pd.Series]:
    """Name, path, width and height of photographs."""
    return [table[column] for column in ("image", "path", "width", "height")]


def spread(table: pd.DataFrame) -> pd.DataFrame:
    """MAX_EXAMPLES rows from all over the table, or all if it has no more."""
    if len(table) <= MAX_EXAMPLES:
        return table
    return table.iloc[np.linspace(0, len(table) - 1, MAX_EXAMPLES).astype(int)]


def load_example(
    size: int, name: str, path: str, width: int, height: int, mask: Path
) -> np.ndarray:
    """Load a photograph and its given mask as `training_example`."""
    with IN_FLIGHT.hold(width * height):
        photograph = read_reduced(name, path, width, height, (WHOLE * size, WHOLE * size))
        return training_example(size, photograph.rgb, photograph.read_mask(mask))


def make_examples(table: pd.DataFrame, known: Given, size: int) -> dict[str, np.ndarray]:
    """Make examples with GrabCut's masks, by image; only those with a plausible mask.

    GrabCut errs in each photograph differently, and cuts off heads: a network that is trained on
    many learns what they have in common, the animal.
    """
    chosen = spread(table)
    boxes = [known.boxes.get(name) for name in chosen["image"]]
    with start_workers() as pool:
        examples = pool.map(partial(make_example, size), *describe(chosen), boxes)
        pairs = zip(chosen["image"], examples, strict=True)
        return {name: example for name, example in pairs if example is not None}


def make_example(
    size: int, name: str, path: str, width: int, height: int, box: Box | None
) -> np.ndarray | None:
    """Load a photograph and find its mask by GrabCut; None if that finds none."""
    with IN_FLIGHT.hold(width * height):
        photograph = read_reduced(name, path, width, height, (WHOLE * size, WHOLE * size))
        mask = grabcut.find_mask(photograph.rgb, photograph.reduce_box(box))
        return None if mask is None else training_example(size, photograph.rgb, mask)


def training_example(size: int, rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Stretch a photograph and its mask to size x size x 4; a half covered pixel is 127."""
    return np.dstack([unet.make_thumbnail(rgb, size), unet.make_thumbnail(mask, size)])
