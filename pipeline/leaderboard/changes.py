"""What changed from one submission to the next: its params, and how much better it answers.

What a submission was made of is kept beside the history, in a folder of the row's name
(`history.key`), since the next run writes over it.
"""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from pipeline.data import tables
from pipeline.evaluation import comparison
from pipeline.params import Evaluation

RANKINGS, PARAMS = "rankings.csv", "params.yaml"
MISSING = "nothing"


def keep(name: str, rankings: Path, params: Path, folder: Path) -> None:
    """Copy what the submission of that name was made of; a second time changes nothing."""
    own = folder / name
    if not own.is_dir():
        part = folder / f".part-{name}"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        shutil.copy(rankings, part / RANKINGS)
        shutil.copy(params, part / PARAMS)
        part.rename(own)


def since(before: str, now: str, folder: Path, evaluated: Evaluation) -> dict[str, Any]:
    """difference, low, high and changed between two submissions, by their names; empty where one
    of them was not kept, without a gain where they have no query in common.
    """
    first, second = folder / before, folder / now
    if not (before and first.is_dir() and second.is_dir()):
        return {}
    told = {"changed": "; ".join(changed(leaves(first / PARAMS), leaves(second / PARAMS)))}
    try:
        gain = comparison.compute_gain(ranked(first), ranked(second), evaluated)
    except ValueError:
        return told
    return told | {key: round(gain[key], 5) for key in ("difference", "low", "high")}


def ranked(folder: Path) -> pd.DataFrame:
    return tables.read("rankings", folder / RANKINGS)


def leaves(path: Path) -> dict[str, Any]:
    """A params file as one flat dictionary, "train.epochs" to its value."""
    return flat(YAML(typ="safe").load(path.read_text()), "")


def flat(values: dict, place: str) -> dict[str, Any]:
    found = {}
    for key, value in values.items():
        own = f"{place}.{key}" if place else str(key)
        found |= flat(value, own) if isinstance(value, dict) else {own: value}
    return found


def changed(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """One text a leaf that differs: "train.epochs: 22 -> 16"; a leaf that one lacks is nothing."""
    return [
        f"{leaf}: {before.get(leaf, MISSING)} -> {now.get(leaf, MISSING)}"
        for leaf in sorted(before.keys() | now.keys())
        if before.get(leaf, MISSING) != now.get(leaf, MISSING)
    ]
