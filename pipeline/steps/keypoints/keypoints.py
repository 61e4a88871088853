"""The step `keypoints`: local features of every photograph, from its full-size pixels."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data import images, tables
from pipeline.data.features import NO_EDGE, Features, PhotographFeatures, build_empty, join_on_disk
from pipeline.data.tables import TRANSFORM
from pipeline.data.warping import warp
from pipeline.params import Keypoints as Settings
from pipeline.steps.keypoints import edge_windows, sift, trailing_edge
from pipeline.steps.keypoints.canvas import crop_to_mask, equalize_contrast, fit_canvas
from pipeline.system import machine
from pipeline.system.errors import UserError

# From a uint8 H x W x 3 canvas and its regions to k x 2 points and k x d uint8 descriptors of each
Detector = Callable[[np.ndarray, list[sift.Region]], list[tuple[np.ndarray, np.ndarray]]]

# Size in canvas pixels of the kernel that dilates the animal's mask; the background begins beyond
DILATION = 9

# OpenCV's threads would compete with ours
cv2.setNumThreads(0)


def extract(table: pd.DataFrame, boxes: pd.DataFrame, crops: Path, settings: Settings) -> Features:
    """Extract the local features of all rows of the "images" table, in their order.

    boxes : the frames of the photographs, row by row
    crops : the packed crops, whose last channel is the mask; the others are not read
    """
    if not settings.enabled:
        return build_empty()
    matrices = boxes[TRANSFORM].to_numpy().reshape(-1, 2, 3)
    detect = load_detector(settings)

    def extract_row(row: int, path: str, matrix: np.ndarray) -> PhotographFeatures:
        # opened for each: what was read of one memory map counts as the process's memory
        mask = np.array(tables.open_array(crops)[row, ..., -1])
        return extract_photograph(path, matrix, mask, settings, detect)

    with ThreadPoolExecutor(machine.count_cores()) as pool:
        rows = pool.map(extract_row, range(len(table)), table["path"], matrices)
        photographs = tqdm(rows, "keypoints", len(table), unit="image", mininterval=2)
        return join_on_disk(table["image"].to_numpy(), photographs, crops.parent)


def check_found(features: Features, settings: Settings) -> None:
    """Raise UserError if not one photograph has a local feature: nothing could be matched."""
    if settings.enabled and len(features.names) and not len(features.points):
        lower = f"lower keypoints.contrast ({settings.contrast:g})"
        other = "take keypoints.detector: sift"
        raise UserError(
            f"no photograph has a local feature: {lower if settings.detector == 'sift' else other}"
            ", or set keypoints.enabled to false and take `local` out of the ensembles"
        )


def load_detector(settings: Settings) -> Detector:
    """Load the detector of `settings`; UserError if its weights cannot be loaded."""
    if settings.detector != "sift":
        from pipeline.models.local_detectors import LocalDetector  # torch takes seconds

        return LocalDetector(settings.detector, settings.weights).detect
    return lambda view, regions: sift.detect(equalize_contrast(view), regions, settings)


def extract_photograph(
    path: str,
    transform: np.ndarray,
    mask: np.ndarray,
    settings: Settings,
    detect: Detector,
) -> PhotographFeatures:
    """Extract the local features of one photograph in a file; see `extract_pixels`."""
    with images.open_rgb(path) as photograph:
        return extract_pixels(photograph, transform, mask, settings, detect)


def extract_pixels(
    photograph: np.ndarray,
    transform: np.ndarray,
    mask: np.ndarray,
    settings: Settings,
    detect: Detector,
) -> PhotographFeatures:
    """Extract the local features of one photograph, uint8 H x W x 3.

    transform, mask : of its crop: 2 x 3, and H x W with the values 0 and 255
    """
    edge = describe_edge(photograph, transform, mask) if settings.edge else NO_EDGE
    transform, mask = crop_to_mask(transform, mask, settings.padding)
    matrix, width, height = fit_canvas(transform, mask.shape[1], mask.shape[0], settings.size)
    view = warp(photograph, matrix, width, height, cv2.BORDER_REPLICATE)
    inside = cv2.resize(
        np.ascontiguousarray(mask), (width, height), interpolation=cv2.INTER_NEAREST
    )
    regions = [(inside, settings.count)]
    if settings.around:
        outside = 255 - cv2.dilate(inside, np.ones((DILATION, DILATION), np.uint8))
        regions.append((outside, settings.around))
    detected = detect(view, regions)
    points, descriptors = (np.concatenate(arrays) for arrays in zip(*detected, strict=True))
    size = (width, height)
    return PhotographFeatures(points, descriptors, len(detected[0][0]), matrix, size, edge)


def describe_edge(photograph: np.ndarray, transform: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Describe the trailing edge of a crop (2 x 3 transform, H x W mask), w x EDGE_NUMBERS."""
    edge = trailing_edge.trace(photograph, transform, mask)
    return NO_EDGE if edge is None else edge_windows.describe(edge)
