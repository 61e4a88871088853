"""Synthetic animals with individual spots, for the tests of local features."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from pipeline.data import tables

SIZE = (160, 120)  # width, height


def animal(individual: int) -> np.ndarray:
    """A hide with 60 spots of this individual, H x W x 3."""
    rng = np.random.default_rng([7, individual])
    hide = np.full((SIZE[1], SIZE[0], 3), 150, np.uint8)
    for _ in range(60):
        centre = tuple(int(v) for v in rng.integers((8, 8), (152, 112)))
        shade = int(rng.integers(0, 255))
        cv2.circle(hide, centre, int(rng.integers(2, 6)), (shade,) * 3, -1, cv2.LINE_AA)
    return hide


def photograph(individual: int, shot: int) -> np.ndarray:
    """The animal under a small random transform, with noise."""
    rng = np.random.default_rng([8, individual, shot])
    corners = np.array([[0, 0], [160, 0], [0, 120]], np.float32)
    moved = corners + rng.normal(0, 4, (3, 2)).astype(np.float32)
    seen = cv2.warpAffine(
        animal(individual), cv2.getAffineTransform(corners, moved), SIZE, borderValue=(150,) * 3
    )
    return (seen + rng.normal(0, 4, seen.shape)).clip(0, 255).astype(np.uint8)


def images(folder: Path, shots: dict[int, int]) -> pd.DataFrame:
    """Write photographs of each individual (number: how many); the "images" table."""
    rows = []
    for individual, count in shots.items():
        for shot in range(count):
            path = folder / f"w{individual}_{shot}.png"
            cv2.imwrite(str(path), photograph(individual, shot))
            rows.append([path.name, "train", f"w{individual}", str(path), *SIZE, 0, ""])
    return pd.DataFrame(rows, columns=tables.COLUMNS["images"])


def whole(table: pd.DataFrame, crops: Path, masks: np.ndarray | None = None) -> pd.DataFrame:
    """The "boxes" table of photographs taken whole, with crops of 80 x 60 (masks: n x 60 x 80)."""
    packed = np.full((len(table), 60, 80, 4), 255, np.uint8)
    if masks is not None:
        packed[..., 3] = masks
    np.save(crops, packed)
    transform = [0.5, 0.0, -0.25, 0.0, 0.5, -0.25]
    rows = [[name, 0, 0, *SIZE, "whole", *transform] for name in table["image"]]
    return pd.DataFrame(rows, columns=tables.COLUMNS["boxes"])
