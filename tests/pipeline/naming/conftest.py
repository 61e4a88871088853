"""A small catalogue of drawn animals, and new photographs of some of them."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.naming.settings import Options, build_settings
from pipeline.naming.workspace import Workspace

NAMES = ["Anna, old", "007", "NA", "=1+1", "ﬁn é"]  # the last one with a decomposed accent


@dataclass(frozen=True)
class Folders:
    """A folder of known individuals, and one of new photographs."""

    catalogue: Path
    new: Path
    out: Path


def draw(individual: int, view: int) -> np.ndarray:
    """A photograph, 96 x 120 x 3: blots that are the individual's, moved a little by the view."""
    rng = np.random.default_rng(individual)
    picture = np.full((96, 120, 3), 200, np.uint8)
    shift = np.random.default_rng([individual, view]).integers(-4, 5, 2)
    for _ in range(40):
        centre = rng.integers([18, 14], [102, 82]) + shift
        axes = rng.integers(2, 8, 2)
        cv2.ellipse(
            picture,
            *(centre.tolist(), axes.tolist(), float(rng.integers(180)), 0, 360),
            *(rng.integers(0, 150, 3).tolist(), -1),
        )
    return picture


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(".png", picture)[1].tofile(path)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Folders:
    """Five individuals with three photographs each; new ones of three of them and of another."""
    root = tmp_path_factory.mktemp("naming")
    for number, name in enumerate(NAMES):
        for view in range(3):
            write(root / "catalogue" / name / f"{view}.png", draw(number, view))
    for number in (0, 1, 4):
        write(root / "new" / f"{number}.png", draw(number, 9))
    for view in range(2):
        write(root / "new" / "unseen" / f"{view}.png", draw(77, view))
    return Folders(root / "catalogue", root / "new", root / "out")


def write_empty(path: Path) -> None:
    """A file that is listed, and not read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


@pytest.fixture
def workspace(tmp_path):
    workspace = Workspace(tmp_path / "out", build_settings(Options()))
    workspace.open()
    return workspace
