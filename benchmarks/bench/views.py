"""A runner of both sides: training views per second of CPU time on one core.

    python PATH/benchmarks/bench/views.py HEIGHT WIDTH COUNT

Run in a project, with its code on the path. Prints one number.
"""

import sys
import time
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np

from pipeline import params

CROPS = 64
WARM_UP = 20


def draw_crops(path: Path, height: int, width: int) -> None:
    """Write random crops with an animal in the middle, CROPS x H x W x 4."""
    rng = np.random.default_rng(0)
    crops = np.empty((CROPS, height, width, 4), np.uint8)
    for crop in crops:
        small = rng.integers(0, 256, (height // 8, width // 8, 4), dtype=np.uint8)
        crop[:] = cv2.resize(small, (width, height))
        mask = np.zeros((height, width), np.uint8)
        cv2.ellipse(mask, (width // 2, height // 2), (width // 3, height // 3), 0, 0, 360, 255, -1)
        crop[:, :, 3] = mask
    np.save(path, crops)


def measure(height: int, width: int, count: int) -> float:
    """Views per second of CPU time."""
    # by its file: Python would find a missing module in an installed checkout
    training = Path("pipeline/training/dataset.py").is_file()
    dataset = import_module("pipeline.training.dataset" if training else "pipeline.dataset")
    build = getattr(dataset, "ViewDataset", None) or dataset.Views
    settings = params.load().train
    path = Path(f"views-{height}-{width}.npy")
    if not path.is_file():
        draw_crops(path, height, width)
    views = build(path, settings.channels, settings.augment, np.arange(CROPS))
    begin = 0.0
    for number in range(WARM_UP + count):
        if number == WARM_UP:
            begin = time.process_time()
        views[dataset.View(number % CROPS, 0, number % 2 == 1, number)]
    return count / (time.process_time() - begin)


if __name__ == "__main__":
    print(measure(*map(int, sys.argv[1:])))
