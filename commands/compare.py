"""Compare an ensemble with what it is at another place, query by query.

    dvc exp save -n before                              # what there is, before an edit
    dvc exp run -S rerank.method=none
    python -m commands.compare card before              # or a commit, a tag
    python -m commands.compare card ../another-checkout # a folder
    python -m commands.compare card . --other best      # another ensemble

Prints the gain of the workspace over the other place in held-out MAP@5, with its 95 % interval, on
the queries that both answered. It says nothing of other seeds: where training is involved, run
several.
"""

import argparse
import io
from pathlib import Path

import dvc.api
import pandas as pd
from dvc.exceptions import DvcException

from pipeline import params, paths
from pipeline.data import tables
from pipeline.evaluation import comparison


def main(name: str, place: str, other: str) -> None:
    p = params.load()
    try:
        found = comparison.compute_gain(rankings(place, other), rankings(".", name), p.evaluation)
    except (OSError, ValueError, DvcException) as error:
        raise SystemExit(
            f"can't compare {name} with {other} at {place}: {error}. The place is a folder, "
            "commit, tag or experiment; both ensembles must have been run (dvc repro), and a "
            "commit's results be in DVC's cache"
        ) from None
    print(
        f"{found['queries']} common queries: {name} here {found['second']:.4f}, {other} at {place} "
        f"{found['first']:.4f}"
    )
    print(
        f"gain {found['difference']:+.4f} ({found['low']:+.4f} to {found['high']:+.4f}); "
        f"smallest visible {found['visible']:.4f}"
    )


def rankings(place: str, name: str) -> pd.DataFrame:
    """The ensemble's "rankings" table in a folder, or at a commit, tag or experiment."""
    path = paths.rankings(name)
    if Path(place).is_dir():
        return tables.read("rankings", Path(place) / path)
    text = io.StringIO(dvc.api.read(str(path), rev=place))
    return tables.parsed("rankings", text, f"{path} at {place}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="the ensemble")
    parser.add_argument("place", help="a commit, tag, experiment or folder")
    parser.add_argument("--other", help="the ensemble's name there, where it differs")
    arguments = parser.parse_args()
    main(arguments.name, arguments.place, arguments.other or arguments.name)
