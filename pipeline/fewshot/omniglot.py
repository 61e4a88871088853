"""Omniglot: 50 alphabets' characters, each drawn by twenty people (Lake et al. 2015, MIT licence;
https://github.com/brendenlake/omniglot, folder python).
"""

import re
import zipfile
from collections.abc import Set
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from pipeline.fewshot.sampling import Classes, classes_of
from pipeline.fewshot.tasks import Episodes, Support
from pipeline.system.errors import UserError

SOURCE = "https://github.com/brendenlake/omniglot/tree/master/python"
DRAWING = re.compile(r"^[^/]+/(?P<alphabet>[^/]+)/(?P<character>[^/]+)/\d+_\d+\.png$")
RUNS, WAYS = 20, 20


def characters(archive: Path, side: int, alphabets: Set[str] | None = None) -> Classes:
    """The characters of a background set as classes, their alphabets as groups.

    Inputs are N x 1 x side x side, ink 1 and paper 0. `alphabets` None takes all.
    Raises UserError where the file is missing, ValueError where it lacks an alphabet.
    """
    with opened(archive) as file:
        found = [match for name in sorted(file.namelist()) if (match := DRAWING.match(name))]
        there = {match["alphabet"] for match in found}
        if alphabets is not None and not alphabets <= there:
            raise ValueError(
                f"{archive} has no {sorted(alphabets - there)}; it has {sorted(there)}"
            )
        found = [m for m in found if alphabets is None or m["alphabet"] in alphabets]
        inputs = torch.stack([ink(file, match[0], side) for match in found])
    labels = np.array([f"{match['alphabet']}/{match['character']}" for match in found])
    group = np.array([name.split("/")[0] for name in np.unique(labels)])
    return classes_of(inputs, labels, group)


def turned(classes: Classes, quarters: tuple[int, ...] = (0, 1, 2, 3)) -> Classes:
    """Every character turned by quarters of a circle, each turn a class of its own."""
    inputs = torch.cat([torch.rot90(classes.inputs, turn, (2, 3)) for turn in quarters])
    count = len(classes.inputs)
    rows = [own + turn * count for turn in range(len(quarters)) for own in classes.rows]
    group = np.concatenate([np.char.add(classes.group, f"/{turn}") for turn in quarters])
    return Classes(inputs, rows, group)


def alone(classes: Classes, times: int) -> Classes:
    """Every drawing a class of its own, shown `times` over: no label is needed to tell them apart,
    and augmentation has to make the copies differ.
    """
    rows = [np.repeat(row, times) for row in np.arange(len(classes.inputs))]
    sizes = [len(own) for own in classes.rows]
    order = np.concatenate(classes.rows).argsort()
    return Classes(classes.inputs, rows, np.repeat(classes.group, sizes)[order])


def runs(archive: Path, side: int) -> list[Episodes]:
    """The twenty published 20-way one-shot runs, each one task with twenty queries."""
    with opened(archive) as file:
        return [one_run(file, f"run{number:02d}", side) for number in range(1, RUNS + 1)]


def one_run(file: zipfile.ZipFile, run: str, side: int) -> Episodes:
    """A run's class_labels.txt names a test drawing and its training drawing in every line."""
    lines = file.read(f"{run}/class_labels.txt").decode().split("\n")
    pairs = [line.split() for line in lines if line.strip()]
    shown = sorted({trained for _, trained in pairs})
    if len(pairs) != WAYS or len(shown) != WAYS:
        raise ValueError(f"{run}/class_labels.txt has {len(pairs)} lines and {len(shown)} classes")
    support = torch.stack([ink(file, name, side) for name in shown])
    queries = torch.stack([ink(file, name, side) for name, _ in pairs])
    truth = torch.tensor([shown.index(trained) for _, trained in pairs])
    labels = torch.arange(WAYS)[None]
    return Episodes(
        Support(support[None], labels, torch.ones(1, WAYS)), queries[None], truth[None], labels
    )


def opened(archive: Path) -> zipfile.ZipFile:
    """The zip file; UserError with where to have it from."""
    if not archive.is_file():
        raise UserError(f"{archive} is missing: download it from {SOURCE}")
    return zipfile.ZipFile(archive)


def ink(file: zipfile.ZipFile, name: str, side: int) -> Tensor:
    """One drawing, 1 x side x side: ink 1, paper 0, in between at the edges."""
    pixels = cv2.imdecode(np.frombuffer(file.read(name), np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise ValueError(f"{name} in {file.filename} is no picture")
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    return 1 - torch.from_numpy(small)[None].float() / 255
