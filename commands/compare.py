"""Compare an ensemble with what it is at another place, query by query.

    python -m commands.compare best norerank            # an experiment, a commit, a tag
    python -m commands.compare best ../another-checkout # a folder
    python -m commands.compare best . --other card      # another ensemble

Prints the gain of the workspace in held-out MAP@5 with its 95 % interval, on the queries that both
answered. It says nothing of other seeds: where training is involved, run several.
"""

import argparse
import io
from pathlib import Path

import dvc.api
import pandas as pd

from pipeline import comparison, params, paths, tables


def main(name: str, place: str, other: str) -> None:
    p = params.load()
    here = tables.read("rankings", paths.rankings(name))
    there = rankings(place, other)
    found = comparison.gain(there, here, p.evaluation)
    print(f"{name} here {found['second']:.4f}, {other} at {place} {found['first']:.4f}")
    print(
        f"gain {found['difference']:+.4f} ({found['low']:+.4f} to {found['high']:+.4f}) on "
        f"{found['queries']} queries; smallest visible {found['visible']:.4f}"
    )


def rankings(place: str, name: str) -> pd.DataFrame:
    """The ensemble's "rankings" table in another folder, or at a commit, tag or experiment."""
    if Path(place).is_dir():
        return tables.read("rankings", Path(place) / paths.rankings(name))
    text = dvc.api.read(str(paths.rankings(name)), rev=place)
    return pd.read_csv(io.StringIO(text), keep_default_na=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="the ensemble")
    parser.add_argument("place", help="a commit, tag, experiment or folder")
    parser.add_argument("--other", help="the ensemble's name there, where it differs")
    arguments = parser.parse_args()
    main(arguments.name, arguments.place, arguments.other or arguments.name)
