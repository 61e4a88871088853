"""Shared fixtures: a tiny packed crop file with its tables, and small training settings."""

import os
import signal

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests share their cores

from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pytest  # noqa: E402

from pipeline import params, paths  # noqa: E402
from pipeline.data import tables  # noqa: E402
from pipeline.params.presets import render_preset  # noqa: E402

ROOT = Path(__file__).parents[1]

IDENTITIES, IMAGES, NEW = 6, 3, 4
HEIGHT, WIDTH = 32, 64


def write_params(preset: Path, path: Path) -> None:
    """Write the complete settings of a preset, if they are not those of the file."""
    text = render_preset(preset)
    if not path.is_file() or path.read_text() != text:
        tables.replace(path, lambda part: part.write_text(text))


def write_columns(new_whale: str = "new_whale") -> None:
    """Write the submission's columns into the project of the current folder."""
    names = {"image": "Image", "identity": "Id", "answer": "Id", "new_whale": new_whale}
    tables.write_json(names, paths.COLUMNS)


pytest_plugins = ["pytester"]


def pytest_runtest_setup(item: pytest.Item) -> None:
    # user properties reach the process that writes the table, marks do not
    item.user_properties += [("fault", list(mark.args)) for mark in item.iter_markers("fault")]


# a script's background job ignores Ctrl-C, what nohup starts ignores a hang-up, and so would the
# programs that tests start to end them by these signals
for number, handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

# before any test module reads it
write_params(ROOT / "tests/preset.yaml", ROOT / "tests/params.yaml")


@dataclass(frozen=True)
class Tiny:
    """6 identities x 3 images and 4 new_whale images, packed; image i is in fold i."""

    crops: Path
    order: pd.Series
    folds: pd.DataFrame

    @property
    def labels(self) -> np.ndarray:
        """0 to 5 in the order of the rows, -1 for new_whale."""
        return np.append(np.repeat(np.arange(IDENTITIES), IMAGES), [-1] * NEW)


def draw_crop(individual: int, rng: np.random.Generator) -> np.ndarray:
    """A crop, H x W x 4: noisy stripes of the individual's colour and width, a mask."""
    colour = np.random.default_rng(individual).integers(40, 216, 3)
    stripes = (np.arange(WIDTH) // (2 + individual) % 2)[None, :, None]
    noise = rng.normal(0, 12, (HEIGHT, WIDTH, 3))
    rgb = np.clip(colour * (0.4 + 0.6 * stripes) + noise, 0, 255)
    mask = np.zeros((HEIGHT, WIDTH, 1))
    mask[4:-4, 8:-8] = 255
    return np.concatenate([rgb, mask], axis=2).astype(np.uint8)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    rng = np.random.default_rng(0)
    individuals = [i for i in range(IDENTITIES) for _ in range(IMAGES)]
    individuals += [IDENTITIES + i for i in range(NEW)]
    crops = tmp_path_factory.mktemp("tiny") / "crops.npy"
    np.save(crops, np.stack([draw_crop(individual, rng) for individual in individuals]))
    names = [f"w{i}_{k}.jpg" for i in range(IDENTITIES) for k in range(IMAGES)]
    names += [f"new_{k}.jpg" for k in range(NEW)]
    folds = pd.DataFrame(
        {
            "image": names,
            "identity": [f"w{i}" for i in individuals[:-NEW]] + ["new_whale"] * NEW,
            "group": range(len(names)),
            "only_fold": "",
            "fold": [k for _ in range(IDENTITIES) for k in range(IMAGES)] + [0, 1, 2, 0],
            "part": 0,
        }
    )
    return Tiny(crops, pd.Series(names), folds)


@pytest.fixture
def training_set(tiny):
    """All photographs of the tiny competition."""
    from pipeline.training.training_set import TrainingSet

    rows = np.arange(len(tiny.order))
    return TrainingSet(tiny.crops, rows, tiny.labels, rows)


@pytest.fixture
def in_process(monkeypatch):
    """Training without worker processes, in float32 on every machine."""
    from pipeline.system import device

    monkeypatch.setattr(device, "count_workers", lambda: 0)
    monkeypatch.setattr(device, "multiplies_half", lambda kind: False)


def small_settings(**overrides) -> params.Train:
    """Small, quick training settings with some values replaced."""
    quiet = dict.fromkeys(params.Augment.model_fields, 0.0)
    small = {
        "epochs": 2,
        "embedding": 16,
        "learning_rate": 3e-3,
        "flip": "none",
        "pooling_cells": [1, 1],
        "sampler": {"identities": 3, "views": 2, "new_whale_fraction": 0.15},
        "schedule": {"kind": "cosine", "warmup": 0.0},
        "augment": quiet,
    }
    base = params.merge(params.load(ROOT / "tests/params.yaml").train.model_dump(), small)
    return params.Train.model_validate(params.merge(base, overrides))


@pytest.fixture(scope="session")
def settings_with():
    """A function that returns small, quick training settings with some values replaced."""
    return small_settings
