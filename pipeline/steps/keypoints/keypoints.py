"""The step `keypoints`: local features of every photograph, from its own pixels inside the box."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data import images
from pipeline.data.features import Features, joined, nothing
from pipeline.data.tables import TRANSFORM
from pipeline.data.warping import warp
from pipeline.params import Keypoints as Settings
from pipeline.steps.keypoints import sift
from pipeline.steps.keypoints.canvas import animal, canvas, contrasted
from pipeline.system import machine

# From a uint8 H x W x 3 canvas and its mask to k x 2 points and k x d uint8 descriptors
Find = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

RING = 9  # pixels of a canvas between the animal and what is called its surroundings

# OpenCV's own threads would compete with ours
cv2.setNumThreads(0)


def extract(table: pd.DataFrame, boxes: pd.DataFrame, crops: Path, settings: Settings) -> Features:
    """The local features of all rows of the "images" table, in their order.

    `boxes` has their frames, row by row, and `crops` their masks.
    """
    if not settings.enabled:
        return nothing()
    outer = settings.model_copy(update={"count": settings.around})
    find = [detector(settings), *([detector(outer)] if settings.around else [])]
    packed = np.load(crops, mmap_mode="r")
    matrices = boxes[TRANSFORM].to_numpy().reshape(-1, 2, 3)
    one = partial(features, settings=settings, find=find)
    # torch has threads of its own
    with ThreadPoolExecutor(machine.cores() if settings.detector == "sift" else 1) as pool:
        found = pool.map(one, table["path"], matrices, (crop[..., 3] for crop in packed))
        found = list(tqdm(found, "keypoints", len(table), unit="image", mininterval=2))
    return joined(table["image"].to_numpy(), found)


def detector(settings: Settings) -> Find:
    """What finds the points of a canvas; RuntimeError where its weights can't be had."""
    if settings.detector == "disk":
        from pipeline.models.disk import Disk  # torch takes seconds, and SIFT needs none

        return partial(Disk().find, count=settings.count)
    return lambda view, inside: sift.find(contrasted(view), inside, settings)


def features(
    path: str, transform: np.ndarray, mask: np.ndarray, settings: Settings, find: list[Find]
) -> tuple[np.ndarray, np.ndarray, int, np.ndarray, tuple[int, int]]:
    """One photograph's points and descriptors, how many of these lie on the animal, its 2 x 3
    canvas transform and the canvas's size.

    `transform` and `mask` (H x W, 0 and 255) are those of its crop. `find` has what finds the
    animal's points, and maybe what finds those around it.
    """
    transform, mask = animal(transform, mask, settings.margin)
    matrix, across, down = canvas(transform, mask.shape[1], mask.shape[0], settings.size)
    view = warp(images.read_rgb(path), matrix, across, down, cv2.BORDER_REPLICATE)
    inside = cv2.resize(np.ascontiguousarray(mask), (across, down), interpolation=cv2.INTER_NEAREST)
    around = 255 - cv2.dilate(inside, np.ones((RING, RING), np.uint8))
    found = [one(view, where) for one, where in zip(find, (inside, around), strict=False)]
    points, descriptors = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return points, descriptors, len(found[0][0]), matrix, (across, down)
