"""Omniglot: the characters of 50 alphabets, each drawn by twenty people.

Lake et al. 2015, MIT licence; https://github.com/brendenlake/omniglot, folder python.
"""

import re
import zipfile
from collections.abc import Set
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from pipeline.fewshot.sampling import Classes, group_by_label
from pipeline.fewshot.tasks import Episodes, Support
from pipeline.system.errors import UserError

SOURCE = "https://github.com/brendenlake/omniglot/tree/master/python"
DRAWING = re.compile(r"^[^/]+/(?P<alphabet>[^/]+)/(?P<character>[^/]+)/\d+_\d+\.png$")
RUNS, WAYS = 20, 20


def load_characters(archive: Path, side: int, alphabets: Set[str] | None = None) -> Classes:
    """The characters of a background set as classes, their alphabets as groups.

    Inputs are N x 1 x side x side, ink 1 and paper 0. `alphabets` None takes all.
    Raises UserError if the file is missing, ValueError if it lacks an alphabet.
    """
    with open_archive(archive) as file:
        matches = [match for name in sorted(file.namelist()) if (match := DRAWING.match(name))]
        available = {match["alphabet"] for match in matches}
        if alphabets is not None and not alphabets <= available:
            missing = sorted(alphabets - available)
            raise ValueError(f"{archive} has no {missing}; it has {sorted(available)}")
        matches = [m for m in matches if alphabets is None or m["alphabet"] in alphabets]
        inputs = torch.stack([load_drawing(file, match[0], side) for match in matches])
    labels = np.array([f"{match['alphabet']}/{match['character']}" for match in matches])
    groups = np.array([name.split("/")[0] for name in np.unique(labels)])
    return group_by_label(inputs, labels, groups)


def add_rotations(classes: Classes, quarters: tuple[int, ...] = (0, 1, 2, 3)) -> Classes:
    """Every character rotated by quarter turns, each rotation as a separate class."""
    inputs = torch.cat([torch.rot90(classes.inputs, turn, (2, 3)) for turn in quarters])
    count = len(classes.inputs)
    rows = [rows + turn * count for turn in range(len(quarters)) for rows in classes.rows]
    groups = np.concatenate([np.char.add(classes.groups, f"/{turn}") for turn in quarters])
    return Classes(inputs, rows, groups)


def separate_drawings(classes: Classes, copies: int) -> Classes:
    """Every drawing as a class of so many copies of it, which needs no label.

    Augmentation has to make the copies differ.
    """
    rows = [np.repeat(row, copies) for row in np.arange(len(classes.inputs))]
    sizes = [len(rows) for rows in classes.rows]
    order = np.concatenate(classes.rows).argsort()
    return Classes(classes.inputs, rows, np.repeat(classes.groups, sizes)[order])


def load_runs(archive: Path, side: int) -> list[Episodes]:
    """The twenty published 20-way one-shot runs, each one task with twenty queries."""
    with open_archive(archive) as file:
        return [load_run(file, f"run{number:02d}", side) for number in range(1, RUNS + 1)]


def load_run(file: zipfile.ZipFile, run: str, side: int) -> Episodes:
    """A run's task: each line of class_labels.txt names a test drawing and its training drawing.

    Raises ValueError if a run has not twenty of both.
    """
    lines = file.read(f"{run}/class_labels.txt").decode().split("\n")
    pairs = [line.split() for line in lines if line.strip()]
    training = sorted({example for _, example in pairs})
    if len(pairs) != WAYS or len(training) != WAYS:
        raise ValueError(
            f"{run}/class_labels.txt has {len(pairs)} lines and {len(training)} classes"
        )
    support = torch.stack([load_drawing(file, name, side) for name in training])
    queries = torch.stack([load_drawing(file, name, side) for name, _ in pairs])
    truth = torch.tensor([training.index(example) for _, example in pairs])
    labels = torch.arange(WAYS)[None]
    return Episodes(
        Support(support[None], labels, torch.ones(1, WAYS)), queries[None], truth[None], labels
    )


def open_archive(archive: Path) -> zipfile.ZipFile:
    """The zip file. Raises UserError with its source if it is missing."""
    if not archive.is_file():
        raise UserError(f"{archive} is missing: download it from {SOURCE}")
    return zipfile.ZipFile(archive)


def load_drawing(file: zipfile.ZipFile, name: str, side: int) -> Tensor:
    """One drawing, 1 x side x side: ink 1, paper 0, in between at the edges.

    Raises ValueError if the file is not an image.
    """
    pixels = cv2.imdecode(np.frombuffer(file.read(name), np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise ValueError(f"{name} in {file.filename} is not an image")
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    return 1 - torch.from_numpy(small)[None].float() / 255
