"""Galleries of a hundred thousand photographs and more: synthetic vectors, searched as stages do.

    python -m benchmarks.scale.galleries neighbours 1000000
    python -m benchmarks.scale.galleries identify 1000000
    python -m benchmarks.scale.local_galleries 100000

Each individual has ten photographs around its own direction. Prints as JSON the seconds of the
search (of one photograph after another in `identify`, the mean after the first) and the fraction of
the true ten nearest photographs that it found.
"""

import json
import sys
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
import typer

from benchmarks.bench.usage import run
from benchmarks.scale.stages import ROOT
from benchmarks.scale.table import Row
from pipeline import params
from pipeline.data.features import build_empty
from pipeline.data.gallery import NO_FOLD, Embeddings
from pipeline.identify import comparison
from pipeline.identify.comparison import Query
from pipeline.identify.gallery import Gallery, Kept
from pipeline.params import Params
from pipeline.params.presets import preset_path
from pipeline.steps.ensemble.assemble import FoldEvidence
from pipeline.steps.neighbours.neighbours import score_queries
from pipeline.steps.neighbours.search import build_gallery
from pipeline.steps.weigh.point_weights import PointWeigher

SIZES = (100_000, 1_000_000)
NUMBERS = 512  # of a vector
PHOTOGRAPHS = 10  # of an individual
SPREAD = 1.2  # of its photographs around it, per number
AT_ONCE = 50_000  # vectors that are drawn
QUERIES = {"neighbours": 10_000, "identify": 20}
LARGEST_LOCAL = 100_000  # photographs: their descriptors take 5 GB of the disk
CHECKED = 200  # queries whose true neighbours are computed
NEAREST = 10


def measure_galleries(size: int, done: set[str]) -> Iterator[Row]:
    """A row for each way to search a gallery of `size` photographs that is not `done`."""
    ways = {way: [__spec__.name, way] for way in QUERIES}
    if size <= LARGEST_LOCAL:
        ways["match"] = ["benchmarks.scale.local_galleries"]
    for way, module in ways.items():
        row = f"gallery: {way}"
        if row not in done:
            used = run([sys.executable, "-m", *module, str(size)], ROOT, watch=True)
            printed = json.loads(used.output.strip().splitlines()[-1])
            yield Row(row, size, printed["seconds"], printed["cpu"], used.peak, printed["found"])


def main(way: str, size: int) -> None:
    """Search a gallery of a size in one way; prints JSON."""
    p = params.load(preset_path("demo", ROOT / "presets"))
    count = QUERIES[way]
    vectors, owners = draw(size)
    rows = pd.DataFrame({"image": name(size), "identity": owners})
    queries = draw_queries(vectors, count)
    embeddings = Embeddings(rows["image"].to_numpy(), vectors)
    search = search_at_once if way == "neighbours" else search_one_by_one
    seconds, cpu, images = search(embeddings, rows, queries, p)
    found = compare(images, queries, embeddings)
    print(json.dumps({"seconds": seconds, "cpu": cpu, "found": found}))


def draw(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (size x NUMBERS) and the individual of each."""
    rng = np.random.default_rng(0)
    vectors = np.empty((size, NUMBERS), np.float32)
    owners = np.arange(size) // PHOTOGRAPHS
    for start in range(0, size, AT_ONCE):
        block = vectors[start : start + AT_ONCE]
        rng.standard_normal(out=block, dtype=np.float32)
        block *= SPREAD
        first, last = owners[start], owners[start + len(block) - 1]
        centres = rng.standard_normal((last - first + 1, NUMBERS), dtype=np.float32)
        block += centres[owners[start : start + len(block)] - first]
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return vectors, np.char.add("w", owners.astype(str))


def name(size: int) -> list[str]:
    """Names of photographs."""
    return [f"{number:08}.jpg" for number in range(size)]


def draw_queries(vectors: np.ndarray, count: int) -> np.ndarray:
    """New photographs (count x NUMBERS) near to some of the gallery."""
    rng = np.random.default_rng(1)
    near = vectors[rng.choice(len(vectors), count, replace=len(vectors) < count)]
    noise = rng.standard_normal(near.shape, dtype=np.float32)
    queries = near + noise / np.float32(np.sqrt(NUMBERS))
    return queries / np.linalg.norm(queries, axis=1, keepdims=True)


def search_at_once(
    embeddings: Embeddings, rows: pd.DataFrame, queries: np.ndarray, p: Params
) -> tuple[float, float, list[list[str]]]:
    """Seconds, and the nearest photographs of every query, as the stage `neighbours` has them."""
    clock, cpu = time.perf_counter(), time.process_time()
    gallery = build_gallery(embeddings, rows)
    names = pd.Series(name(len(queries))).radd("query ")
    _, nearest = score_queries(names, queries, gallery, p.neighbours, "lite0-0", {})
    used = time.perf_counter() - clock, time.process_time() - cpu
    return *used, gallery.names[nearest.rows[:, :NEAREST]].tolist()


def search_one_by_one(
    embeddings: Embeddings, rows: pd.DataFrame, queries: np.ndarray, p: Params
) -> tuple[float, float, list[list[str]]]:
    """Seconds per query after the first, and the nearest photographs, as `identify` has them."""
    whole = rows.assign(fold=NO_FOLD, part=NO_FOLD, group=np.arange(len(rows)), only_fold="")
    nothing = np.empty(0, int)
    none = FoldEvidence(NO_FOLD, pd.DataFrame(), nothing, nothing, pd.DataFrame())
    stored = Gallery(whole, {0: embeddings}, none, [], {}, build_empty(), None, kept=Kept())
    images = []
    for number, vector in enumerate(queries):
        if number == 1:
            clock, cpu = time.perf_counter(), time.process_time()
        query = Query({0: vector}, build_empty(), set(), PointWeigher())
        own = comparison.comparable_rows(query, stored)
        _, nearest = comparison.search_nearest(query, stored, 0, own, p)
        images.append(nearest["image"].head(NEAREST).tolist())
    each = len(queries) - 1
    return (time.perf_counter() - clock) / each, (time.process_time() - cpu) / each, images


def compare(images: list[list[str]], queries: np.ndarray, embeddings: Embeddings) -> float:
    """The fraction of the nearest photographs of the first queries that is among those found."""
    found = 0
    for own, query in zip(images[:CHECKED], queries, strict=False):
        similarity = embeddings.vectors @ query
        nearest = np.argpartition(-similarity, NEAREST)[:NEAREST]
        found += len(set(own) & set(embeddings.names[nearest]))
    return found / (NEAREST * min(CHECKED, len(images)))


if __name__ == "__main__":
    typer.run(main)
