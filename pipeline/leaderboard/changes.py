"""What changed from one submission to the next: its parameters, and its held-out score.

The files behind a submission are kept beside the history, in a folder of the row's key
(`history.build_key`), since the next run overwrites them.
"""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.data import tables
from pipeline.evaluation import comparison
from pipeline.params import Evaluation
from pipeline.params.reading import read_yaml
from pipeline.system import files

RANKINGS, PARAMS = "rankings.csv", "params.yaml"
MISSING = "nothing"


def keep_files(key: str, rankings: Path, params: Path, folder: Path) -> None:
    """Copy the files behind a submission into `folder`; a second call changes nothing."""
    target = folder / key
    if not target.is_dir():
        part = folder / f".part-{key}"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        shutil.copy(rankings, part / RANKINGS)
        shutil.copy(params, part / PARAMS)
        files.rename_folder(part, target)


def compare_submissions(
    before: str, now: str, folder: Path, evaluation: Evaluation
) -> dict[str, Any]:
    """The gain (difference, low, high) and the changed parameters between two submissions, by key.

    Empty if the files of one were not kept; without a gain if they have no query in common, or not
    both known and new ones.
    """
    first, second = folder / before, folder / now
    if not (before and first.is_dir() and second.is_dir()):
        return {}
    changes = list_changes(read_leaves(first / PARAMS), read_leaves(second / PARAMS))
    result: dict[str, Any] = {"changed": "; ".join(changes)}
    try:
        gain = comparison.compute_gain(read_rankings(first), read_rankings(second), evaluation)
    except ValueError:
        return result
    if gain["kinds"] != "both":  # no gain in the held-out MAP@5 of the column beside it
        return result
    return result | {key: round(gain[key], 5) for key in ("difference", "low", "high")}


def read_rankings(folder: Path) -> pd.DataFrame:
    """The rankings that were kept in a folder."""
    return tables.read("rankings", folder / RANKINGS)


def read_leaves(path: Path) -> dict[str, Any]:
    """Read a params file as one flat dictionary, from "train.epochs" to its value."""
    return flatten(read_yaml(path), "")


def flatten(values: dict, prefix: str) -> dict[str, Any]:
    """Join the keys of nested dictionaries by dots."""
    leaves: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        leaves |= flatten(value, name) if isinstance(value, dict) else {name: value}
    return leaves


def list_changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """One text per leaf that differs, as "train.epochs: 22 -> 16"; a missing leaf is "nothing"."""
    return [
        f"{leaf}: {before.get(leaf, MISSING)} -> {now.get(leaf, MISSING)}"
        for leaf in sorted(before.keys() | now.keys())
        if before.get(leaf, MISSING) != now.get(leaf, MISSING)
    ]
