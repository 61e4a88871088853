"""How well the step `crop` finds the animal, against drawn masks and boxes that no stage may read.

    python -m benchmarks.crop_quality data/demo/photos

The folder needs truth/masks/<stem>.png and truth/boxes.csv (Image,x0,y0,x1,y1) for any subset of
its photographs. IoU is intersection over union, the mean and the worst tenth of each source.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from pipeline import paths, tables, warping

CORNERS = ["x0", "y0", "x1", "y1"]


def mask_iou(crop: np.ndarray, truth: np.ndarray, matrix: np.ndarray) -> float:
    """The crop's mask (H x W) against the photograph's true one, in crop pixels.

    True area that the crop leaves out counts as missed.
    """
    height, width = crop.shape
    seen = warping.warp(truth, matrix, width, height, cv2.BORDER_CONSTANT) > 127
    area = (truth > 127).sum() * abs(np.linalg.det(matrix[:, :2]))
    found = crop > 127
    union = (found | seen).sum() + max(0.0, area - seen.sum())
    return float((found & seen).sum() / max(union, 1))


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Row by row, for two N x 4 arrays of x0, y0, x1, y1 with x1 and y1 exclusive."""
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    shared = sides.clip(min=0).prod(axis=1)
    both = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1)
    return shared / (both - shared)


def score(boxes: pd.DataFrame, crops: np.ndarray, truth: Path) -> pd.DataFrame:
    """One row an image with known truth: image, source, mask_iou, box_iou."""
    known = pd.read_csv(truth / "boxes.csv", dtype={0: str}).set_axis(["image", *CORNERS], axis=1)
    rows = boxes.reset_index().merge(known, on="image", suffixes=("", "_true"))
    rows["box_iou"] = box_iou(
        rows[CORNERS].to_numpy(float), rows[[f"{c}_true" for c in CORNERS]].to_numpy(float)
    )
    rows["mask_iou"] = [
        mask_iou(crops[row["index"], :, :, 3], drawn(truth, row["image"]), matrix_of(row))
        for _, row in rows.iterrows()
    ]
    return rows[["image", "source", "mask_iou", "box_iou"]]


def drawn(truth: Path, image: str) -> np.ndarray:
    """The true mask, uint8 H x W."""
    path = truth / "masks" / f"{Path(image).stem}.png"
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise ValueError(f"{path}: missing, though boxes.csv beside it lists {image}")
    return mask


def matrix_of(row: pd.Series) -> np.ndarray:
    return row[tables.TRANSFORM].to_numpy(float).reshape(2, 3)


def summary(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a source: images, then mean and tenth percentile of both measures."""
    grouped = scores.groupby("source")[["mask_iou", "box_iou"]]
    worst = grouped.quantile(0.1).add_suffix("_worst_tenth")
    return grouped.mean().join(worst).join(scores["source"].value_counts().rename("images"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("competition", type=Path, help="a competition directory with truth/")
    parser.add_argument("--boxes", type=Path, default=paths.BOXES)
    parser.add_argument("--crops", type=Path, default=paths.CROPS)
    chosen = parser.parse_args()
    boxes = tables.read("boxes", chosen.boxes)
    crops = np.load(chosen.crops, mmap_mode="r")
    scores = score(boxes, crops, chosen.competition / "truth")
    print(summary(scores).round(3).to_string())


if __name__ == "__main__":
    main()
