"""How well are photographs grouped by individual where no label is known?

    python -m benchmarks.grouping BACKBONE RUN [RUN ...]

A RUN is the folder of a finished project. A fold's held-out photographs (those of named
individuals) are grouped by the vectors of the member that never saw them; how near is near is
learned from the other folds. Prints the adjusted Rand index and the normalised mutual information,
the mean over folds and runs, beside every photograph alone; and the share of pairs put together
that show one individual (precision), and of such pairs that were put together (recall).
"""

import contextlib
from pathlib import Path

import numpy as np
import pandas as pd
import typer

from pipeline import params
from pipeline.evaluation import clustering
from pipeline.identify.unknown_individuals import load_held_out


def main(backbone: str, runs: list[Path]) -> None:
    """Measure how well photographs are grouped by individual, in finished projects RUNS."""
    rows = []
    for run in runs:
        with contextlib.chdir(run):
            rows += of_run(backbone, params.load().folds.trained)
    table = pd.DataFrame(rows).groupby("method", sort=False).mean()
    print(table.round(3).to_string())


def of_run(backbone: str, folds: list[int]) -> list[dict[str, object]]:
    """A row a fold and method."""
    sets = {fold: load_held_out([backbone], fold) for fold in folds}
    rows = []
    for fold, (vectors, identity) in sets.items():
        rows.append({"method": "alone", **scores(np.arange(len(identity)), identity)})
        for method in clustering.METHODS:
            others = [lesson for other, lesson in sets.items() if other != fold]
            floor = clustering.fit_min_cosine(others, method)
            found = clustering.cluster(vectors, floor, method)
            rows.append({"method": method, **scores(found, identity), "floor": floor})
    return rows


def scores(found: np.ndarray, identity: np.ndarray) -> dict[str, float]:
    """Both indices, and the precision and recall of pairs."""
    return {
        **clustering.score_agreement(found, identity),
        **clustering.score_pairs(found, identity),
    }


if __name__ == "__main__":
    typer.run(main)
