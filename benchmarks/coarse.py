"""A coarse index of the gallery: how much of it a query is compared with, and what is missed.

    python -m benchmarks.coarse BACKBONE RUN

RUN is the folder of a finished project. For `neighbours.index: ivf`, whose cells are the coarse
classes, and every number of cells visited: the fraction of the gallery that a held-out query is
compared with; how often its nearest photograph is still found; and how often its individual is
still among the first five, by nearest photograph, of those that an exact search puts there.
"""

import contextlib
from pathlib import Path

import faiss
import numpy as np
import pandas as pd
import typer

from pipeline import params
from pipeline.data import artefacts
from pipeline.data.gallery import KNOWN, trained_gallery_rows
from pipeline.data.members import Member
from pipeline.steps.neighbours import search
from pipeline.steps.neighbours.neighbours import take_distinct

FIRST = 5


def main(backbone: str, run: Path) -> None:
    """Measure what a coarse index of the gallery misses, in the finished project RUN."""
    with contextlib.chdir(run):
        p = params.load()
        by_fold = [measure_fold(backbone, fold, p.neighbours) for fold in p.folds.trained]
    table = pd.concat(by_fold).groupby("probes").mean()
    print(table.round(3).to_string())


def measure_fold(backbone: str, fold: int, settings: params.Neighbours) -> pd.DataFrame:
    """One row per number of probes: the mean over the fold's queries of known individuals."""
    member = Member(backbone, fold)
    queries = member.query_rows()
    queries = queries[queries["kind"] == KNOWN]
    embeddings = member.embeddings()
    rows = trained_gallery_rows(artefacts.load_folds(), fold)
    gallery = search.build_gallery(embeddings, rows)
    vectors, truth = embeddings.of(queries["image"]), queries["truth"].to_numpy()
    exact = find_nearest(vectors, gallery, settings.model_copy(update={"index": "exact"}))
    found_by_exact = is_among_first(exact, truth, gallery)
    rows, probes = [], 1
    while probes <= settings.lists:
        coarse = settings.model_copy(update={"index": "ivf", "probes": probes})
        nearest = find_nearest(vectors, gallery, coarse)
        rows.append(
            {
                "probes": probes,
                "compared": compute_compared_fraction(vectors, gallery, coarse),
                "nearest found": (nearest[:, 0] == exact[:, 0]).mean(),
                "individual found": is_among_first(nearest, truth, gallery)[found_by_exact].mean(),
            }
        )
        probes *= 2
    return pd.DataFrame(rows)


def find_nearest(
    vectors: np.ndarray, gallery: search.Gallery, settings: params.Neighbours
) -> np.ndarray:
    """The rows of each query's nearest gallery photographs, n x k."""
    return search.search(gallery.vectors, vectors, settings.images, settings).rows


def is_among_first(rows: np.ndarray, truth: np.ndarray, gallery: search.Gallery) -> np.ndarray:
    """Whether each query's individual is among the first FIRST identities of its rows, n bool."""
    first = [take_distinct(gallery.labels[row[row >= 0]], FIRST) for row in rows]
    pairs = zip(first, truth, strict=True)
    return np.array([name in gallery.identities[labels] for labels, name in pairs])


def compute_compared_fraction(
    vectors: np.ndarray, gallery: search.Gallery, settings: params.Neighbours
) -> float:
    """The mean fraction of the gallery in the cells that a query visits."""
    index = search.build_index(gallery.vectors, settings)
    inverted = faiss.extract_index_ivf(index)  # lives as long as the index does
    _, cells = inverted.quantizer.search(vectors, inverted.nprobe)
    sizes = np.array([inverted.invlists.list_size(cell) for cell in range(inverted.nlist)])
    return float(sizes[cells].sum(axis=1).mean() / len(gallery.vectors))


if __name__ == "__main__":
    typer.run(main)
