"""How well photographs are grouped by individual without labels.

    python -m benchmarks.grouping BACKBONE RUN [RUN ...]

A RUN is the folder of a finished project. A fold's held-out photographs (those with an identity)
are grouped by the embeddings of the member that was not trained on them; the minimum similarity is
fitted on the other folds. `pairs` are the clusters of the stage `verify`, by embeddings and local
features. Prints the adjusted Rand index and the normalised mutual information, the
mean over folds and runs, beside the baseline of one group per photograph; and precision and recall
of the pairs of photographs in one group.
"""

import contextlib
from pathlib import Path

import numpy as np
import pandas as pd
import typer

from pipeline import params, paths
from pipeline.data import tables
from pipeline.evaluation import clustering
from pipeline.identify.unknown_individuals import load_held_out


def main(backbone: str, runs: list[Path]) -> None:
    """Measure how well photographs are grouped by individual, in finished projects RUNS."""
    rows = []
    for run in runs:
        with contextlib.chdir(run):
            rows += score_run(backbone, params.load().folds.trained)
            rows.append({"method": "pairs", **tables.read_json(paths.PEER_SCORES)})
    table = pd.DataFrame(rows).groupby("method", sort=False).mean()
    print(table.round(3).to_string())


def score_run(backbone: str, folds: list[int]) -> list[dict[str, object]]:
    """Score every method on every fold, one row each."""
    sets = {fold: load_held_out([backbone], fold) for fold in folds}
    rows = []
    for fold, (vectors, identity) in sets.items():
        rows.append({"method": "alone", **score_grouping(np.arange(len(identity)), identity)})
        for method in clustering.METHODS:
            others = [data for other, data in sets.items() if other != fold]
            floor = clustering.fit_min_cosine(others, method)
            groups = clustering.cluster(vectors, floor, method)
            rows.append({"method": method, **score_grouping(groups, identity), "floor": floor})
    return rows


def score_grouping(groups: np.ndarray, identity: np.ndarray) -> dict[str, float]:
    """Compute both indices, and precision and recall of pairs."""
    return {
        **clustering.score_agreement(groups, identity),
        **clustering.score_pairs(groups, identity),
    }


if __name__ == "__main__":
    typer.run(main)
