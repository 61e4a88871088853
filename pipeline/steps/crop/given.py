"""The boxes and masks that are given with the photographs; both optional, for any of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import given_masks
from pipeline.steps.crop.boxes import Box
from pipeline.system.errors import UserError


@dataclass(frozen=True)
class Given:
    """By image: its box in pixels, and the file of its mask."""

    boxes: dict[str, Box]
    masks: dict[str, Path]


def build_given(boxes: pd.DataFrame, masks: pd.DataFrame) -> Given:
    """From the tables "given_boxes" and "given_masks", which `competition` has checked."""
    return Given(
        {name: (x0, y0, x1, y1) for name, x0, y0, x1, y1 in boxes.itertuples(index=False)},
        {name: Path(path) for name, path in zip(masks["image"], masks["path"], strict=True)},
    )


def read_mask(path: Path, width: int, height: int) -> np.ndarray:
    """Read a mask as uint8 H x W, 0 and 255; UserError naming the file if it can't be used."""
    try:
        return given_masks.read_mask(path, width, height)
    except given_masks.UnclearMask as error:
        raise UserError(f"{path}: {error}") from None
