"""How much of the gallery need a query be compared with? A coarse index, and what it misses.

    python -m benchmarks.coarse BACKBONE RUN

RUN is the folder of a finished project. For `neighbours.index: ivf`, whose cells are the coarse
classes, and every number of cells visited: the share of the gallery that a held-out query is
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
from pipeline.data.gallery import KNOWN
from pipeline.data.members import Member
from pipeline.steps.neighbours import search
from pipeline.steps.neighbours.neighbours import take_distinct

FIRST = 5


def main(backbone: str, run: Path) -> None:
    """Measure what a coarse index of the gallery misses, in the finished project RUN."""
    with contextlib.chdir(run):
        p = params.load()
        parts = [of_fold(backbone, fold, p.neighbours) for fold in p.folds.trained]
    table = pd.concat(parts).groupby("probes").mean()
    print(table.round(3).to_string())


def of_fold(backbone: str, fold: int, settings: params.Neighbours) -> pd.DataFrame:
    """A row a number of probes, the mean over the fold's queries of known individuals."""
    member = Member(backbone, fold)
    asked = member.query_rows()
    asked = asked[asked["kind"] == KNOWN]
    embeddings = member.embeddings()
    shown = search.build_gallery(embeddings, member.gallery_rows())
    vectors = embeddings.of(asked["image"])
    exact = answers(vectors, shown, settings.model_copy(update={"index": "exact"}))
    truth = asked["truth"].to_numpy()
    there = named(exact, truth, shown)
    rows, probes = [], 1
    while probes <= settings.lists:
        coarse = settings.model_copy(update={"index": "ivf", "probes": probes})
        found = answers(vectors, shown, coarse)
        rows.append(
            {
                "probes": probes,
                "compared": compared(vectors, shown, coarse),
                "nearest found": (found[:, 0] == exact[:, 0]).mean(),
                "individual found": named(found, truth, shown)[there].mean(),
            }
        )
        probes *= 2
    return pd.DataFrame(rows)


def answers(vectors: np.ndarray, shown: search.Gallery, settings: params.Neighbours) -> np.ndarray:
    """The rows of each query's nearest gallery photographs, n x k."""
    return search.search(shown.vectors, vectors, settings.images, settings).rows


def named(rows: np.ndarray, truth: np.ndarray, shown: search.Gallery) -> np.ndarray:
    """Whether each query's individual is among the first five that its rows name."""
    first = [take_distinct(shown.labels[own[own >= 0]], FIRST) for own in rows]
    return np.array([one in shown.identities[own] for own, one in zip(first, truth, strict=True)])


def compared(vectors: np.ndarray, shown: search.Gallery, settings: params.Neighbours) -> float:
    """The mean share of the gallery in the cells that a query visits."""
    index = search.build_index(shown.vectors, settings)
    inverted = faiss.extract_index_ivf(index)  # lives as long as the index does
    _, cells = inverted.quantizer.search(vectors, inverted.nprobe)
    sizes = np.array([inverted.invlists.list_size(cell) for cell in range(inverted.nlist)])
    return float(sizes[cells].sum(axis=1).mean() / len(shown.vectors))


if __name__ == "__main__":
    typer.run(main)
