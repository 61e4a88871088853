"""Local features of a hundred thousand photographs: indexed, and matched with new ones.

    python -m benchmarks.scale.local_galleries 100000

A photograph has 400 random descriptors; a tenth are its individual's own, seen slightly differently
on each of its ten photographs. They lie on the disk, as those of a run do. Prints as JSON the
seconds per query, those that the index took to build, and the fraction of queries for whose
individual most votes were cast.
"""

import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import typer

from benchmarks.scale.stages import ROOT
from pipeline import params
from pipeline.data.features import Features
from pipeline.params.presets import preset_path
from pipeline.steps.match import match
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.queries import Galleries, Query

POINTS, OWN = 400, 40  # descriptors of a photograph, and how many of them are its individual's
NUMBERS = 128  # of a descriptor
PHOTOGRAPHS = 10  # of an individual
NOISE = 6.0  # of a number between two photographs
QUERIES = 100
SIDE = 384  # pixels of a canvas


def main(size: int) -> None:
    """Index a gallery of so many photographs, and match new ones with it; prints JSON."""
    p = params.load(preset_path("demo", ROOT / "presets"))
    with tempfile.TemporaryDirectory(dir=".") as folder:
        features = draw(size + QUERIES, Path(folder) / "descriptors.npy")
        names, clock = features.names, time.perf_counter()
        rows = pd.DataFrame({"image": names[:size], "identity": own(np.arange(size))})
        matcher = Matcher(features, Galleries(rows, {0: rows["image"]}, {}), p.match, "sift")
        built, clock, cpu = time.perf_counter() - clock, time.perf_counter(), time.process_time()
        queries = [(str(name), Query(0, [], [], None)) for name in names[size:]]
        found = match.match_queries(matcher, queries)
        used = time.perf_counter() - clock, time.process_time() - cpu
    truth = own(np.arange(size, size + QUERIES) - size)
    first = [matcher.identities[one.identities[0]] for one in found]
    result = {"seconds": used[0] / QUERIES, "cpu": used[1] / QUERIES, "built": built}
    print(json.dumps(result | {"found": float((np.array(first) == truth).mean())}))


def own(numbers: np.ndarray) -> np.ndarray:
    """The individual on photographs of the gallery, and on queries counted from 0."""
    return np.char.add("w", (numbers // PHOTOGRAPHS).astype(str))


def draw(count: int, path: Path) -> Features:
    """Features of photographs, the last QUERIES of which show the first individuals once more."""
    shape = count * POINTS, NUMBERS
    descriptors = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    for number in range(count):
        again = number - (count - QUERIES)
        individual = (again if again >= 0 else number) // PHOTOGRAPHS
        places = np.random.default_rng([1, individual]).integers(0, 64, (OWN, NUMBERS))
        rng = np.random.default_rng([2, number])
        block = rng.integers(0, 64, (POINTS, NUMBERS), np.uint8)
        seen = places + rng.normal(0, NOISE, places.shape)
        block[:OWN] = seen.clip(0, 255).astype(np.uint8)
        descriptors[number * POINTS : (number + 1) * POINTS] = block
    descriptors.flush()
    points = np.random.default_rng(3).random((count * POINTS, 2), np.float32) * SIDE
    starts = np.arange(count + 1) * POINTS
    names = np.array([f"{number:08}.jpg" for number in range(count)])
    canvases, sizes = np.tile(np.eye(2, 3), (count, 1, 1)), np.full((count, 2), SIDE)
    stored = np.load(path, mmap_mode="r")
    return Features(names, starts, starts[1:], points, np.asarray(stored), canvases, sizes)


if __name__ == "__main__":
    typer.run(main)
