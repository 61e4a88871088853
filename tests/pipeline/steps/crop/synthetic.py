"""Synthetic photographs for the tests of the crop step: bright ellipses on a dark, noisy sea."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from pipeline.data import tables
from pipeline.params import Crop, UNet
from pipeline.steps.crop.given import Given

UNET = UNet(seed=0, size=32, epochs=6, batch=8, learning_rate=0.003, min_masks=3)
SETTINGS = Crop(
    enabled=True,
    height=20,
    width=40,
    frame="animal",
    padding=0.0,
    align="none",
    without_masks="whole",
    unet=UNET,
)


def ellipse(size=(120, 80), centre=(60, 40), axes=(40, 12), degrees=0.0) -> np.ndarray:
    """A mask: size is (width, height), axes are half-lengths, degrees turn clockwise."""
    mask = np.zeros(size[::-1], np.uint8)
    return cv2.ellipse(mask, centre, axes, degrees, 0, 360, 255, -1)


def photograph(mask: np.ndarray, seed: int = 0) -> np.ndarray:
    """The mask's shape in sandy colours on a blue background, with noise of +-20."""
    noise = np.random.default_rng(seed).integers(-20, 21, (*mask.shape, 3))
    colours = np.where(mask[..., None] > 0, (200, 170, 120), (40, 70, 110))
    return (colours + noise).clip(0, 255).astype(np.uint8)


def save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture[..., ::-1] if picture.ndim == 3 else picture)


def competition(folder: Path, masks: list[np.ndarray], given: int) -> pd.DataFrame:
    """Write a photograph per mask and the first `given` masks; return the "images" table."""
    rows = []
    for i, mask in enumerate(masks):
        path = folder / f"train/{i}.png"
        save(path, photograph(mask, i))
        if i < given:
            save(folder / f"masks/{i}.png", mask)
        rows.append([path.name, "train", "a", str(path), *mask.shape[::-1], 0, ""])
    return pd.DataFrame(rows, columns=tables.COLUMNS["images"])


def read_given(folder: Path, table: pd.DataFrame) -> Given:
    """The boxes.csv and masks/ of a folder; both optional."""
    files = {path.name: path for path in (folder / "masks").glob("*.png")}
    masks = {name: files[name] for name in table["image"] if name in files}
    if not (folder / "boxes.csv").exists():
        return Given({}, masks)
    boxes = pd.read_csv(folder / "boxes.csv").itertuples(index=False)
    return Given({name: tuple(corners) for name, *corners in boxes}, masks)


def scattered(count: int, seed: int = 0) -> list[np.ndarray]:
    """Ellipses of random place and size."""
    rng = np.random.default_rng(seed)
    return [
        ellipse(
            centre=(int(rng.integers(45, 75)), int(rng.integers(30, 50))),
            axes=(int(rng.integers(25, 45)), int(rng.integers(10, 20))),
        )
        for _ in range(count)
    ]


def iou(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a > 127, b > 127
    return float((a & b).sum() / (a | b).sum())
