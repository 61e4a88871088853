"""The loss of MAP@5 if the fraction of new individuals was guessed wrongly.

    python -m benchmarks.wrong_prior ENSEMBLE RUN [RUN ...] [--params presets/animals-cpu.yaml]

The ensemble is fitted and new_whale is placed with one prior, and scored with the true one
(evaluation.new_whale_prior), for the learned posterior, for a threshold swept on the held-out
queries, and for one matched to the prior. Nothing is trained; see benchmarks.recipes. Prints
held-out MAP@5, one row per assumed prior; --out writes the same as CSV.
"""

import pandas as pd
import typer

from benchmarks.recipes import Name, Out, Runs, Settings, rank_runs
from pipeline import params
from pipeline.data import tables
from pipeline.evaluation import metrics, protocol

ASSUMED = [0.02, 0.05, 0.1, 0.15, 0.2, 0.276, 0.4, 0.6]
METHODS = ["posterior", "swept", "prior"]


def main(name: Name, runs: Runs, settings: Settings = None, out: Out = None) -> None:
    """Measure what a wrongly guessed prior of new individuals costs."""
    runs = [run.resolve() for run in runs]
    settings = settings.resolve() if settings else None
    true = params.load(settings or runs[0] / "params.yaml").evaluation.new_whale_prior
    rows = []
    for prior in ASSUMED:
        row = {"assumed": prior, "true": true}
        for method in METHODS:
            edits = {
                "evaluation.new_whale_prior": prior,
                f"ensembles.{name}.new_whale.method": method,
            }
            row[method] = compute_map5(rank_runs(runs, name, edits, settings), true)
        rows.append(row)
        print("  ".join(f"{key} {value:.3f}" for key, value in row.items()), flush=True)
    if out:
        tables.write_csv(pd.DataFrame(rows).round(4), out)


def compute_map5(rankings: pd.DataFrame, prior: float) -> float:
    """MAP@5 of held-out rankings if `prior` is the fraction of new individuals."""
    weights = protocol.query_weights(rankings["kind"], prior)
    return metrics.map5(rankings["truth"], rankings["ranking"].str.split(" "), weights)


if __name__ == "__main__":
    typer.run(main)
