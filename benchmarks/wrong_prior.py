"""How much is lost where the share of new individuals was guessed wrongly?

    python -m benchmarks.wrong_prior ENSEMBLE RUN [RUN ...] [--params presets/animals-cpu.yaml]

The ensemble is fitted and new_whale is placed with one prior, and scored with the true one
(evaluation.new_whale_prior), for the learned posterior, for a threshold swept on the held-out
queries, and for one matched to the prior. Nothing is trained; see benchmarks.recipes. Prints
held-out MAP@5, a row an assumed prior; --out writes the same as CSV.
"""

import pandas as pd
import typer

from benchmarks.recipes import Name, Out, Runs, Settings, answered
from pipeline import params
from pipeline.data import tables
from pipeline.evaluation import metrics, protocol

ASSUMED = [0.02, 0.05, 0.1, 0.15, 0.2, 0.276, 0.4, 0.6]
METHODS = ["posterior", "swept", "prior"]


def main(name: Name, runs: Runs, settings: Settings = None, out: Out = None) -> None:
    """Measure what a wrongly guessed prior of new individuals costs."""
    runs = [run.resolve() for run in runs]
    own = settings.resolve() if settings else None
    true = params.load(own or runs[0] / "params.yaml").evaluation.new_whale_prior
    rows = []
    for prior in ASSUMED:
        row = {"assumed": prior, "true": true}
        for method in METHODS:
            edits = {
                "evaluation.new_whale_prior": prior,
                f"ensembles.{name}.new_whale.method": method,
            }
            row[method] = scored(answered(runs, name, edits, own), true)
        rows.append(row)
        print("  ".join(f"{key} {value:.3f}" for key, value in row.items()), flush=True)
    if out:
        tables.write_csv(pd.DataFrame(rows).round(4), out)


def scored(rankings: pd.DataFrame, prior: float) -> float:
    """MAP@5 of held-out rankings where new individuals are this share."""
    weights = protocol.query_weights(rankings["kind"], prior)
    lists = rankings["ranking"].str.split(" ").tolist()
    return metrics.map5(rankings["truth"].tolist(), lists, weights)


if __name__ == "__main__":
    typer.run(main)
