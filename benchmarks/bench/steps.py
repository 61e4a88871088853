"""Rates of training, by the benchmark `step_rate` that each side has."""

import re
import shutil
import sys

import numpy as np

from benchmarks.bench.chain import BACKBONE, require_before
from benchmarks.bench.sides import Side
from benchmarks.bench.usage import run

TABLES = ("data/work/crop/boxes.csv", "data/work/folds/folds.csv")
PATTERNS = {
    "views/s with the data path": r"data path: ([\d.]+)",
    "views/s of random tensors": r"random tensors: ([\d.]+)",
    "ratio of both": r"ratio ([\d.]+)",
}
# a network of timm; height and width of the crops; identities and views of a batch
GPU = {
    "resnet101 of 256 x 512": ("resnet101", (256, 512), (32, 4)),
    "lite0 of 224 x 256": ("tf_efficientnet_lite0", (224, 256), (17, 2)),
}


def train(count: int, side: Side) -> dict[str, float]:
    """Training of the demo's first network with the data path, and with random tensors."""
    require_before("train", side)
    return train_prepared(count, side)


def train_prepared(count: int, side: Side) -> dict[str, float]:
    """The rates in a project that has its crops and folds."""
    command = [sys.executable, "-m", "benchmarks.step_rate", BACKBONE, str(count)]
    output = run(command, side.project).output
    return {unit: find_number(pattern, output) for unit, pattern in PATTERNS.items()}


def find_number(pattern: str, output: str) -> float:
    """The number that a pattern has in a command's output."""
    found = re.search(pattern, output)
    if found is None:
        raise ValueError(f"the output has no {pattern}: {output[-200:]}")
    return float(found[1])


def train_on_gpu(name: str, count: int, side: Side) -> dict[str, float]:
    """Training of another network with larger, random crops. Needs a GPU."""
    timm_name, (height, width), (identities, views) = GPU[name]
    require_before("train", side)
    changes = {
        "crop": {"height": height, "width": width},
        "train": {"sampler": {"identities": identities, "views": views}},
        "backbones": {
            BACKBONE: {"timm_name": timm_name, "weights": "none", "overrides": {}},
        },
    }
    other = side.copy(timm_name, changes)
    for table in TABLES:
        (other.project / table).parent.mkdir(parents=True)
        shutil.copy(side.project / table, other.project / table)
    packed = np.load(side.project / "data/work/crop/crops.npy", mmap_mode="r")
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 256, (len(packed), height, width, 4), dtype=np.uint8)
    np.save(other.project / "data/work/crop/crops.npy", crops)
    return train_prepared(count, other)
