"""Ablation studies: the gain of each edit of a preset, over several seeds, on the same queries."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from pipeline.evaluation import metrics, protocol
from pipeline.evaluation.coverage import count_individuals
from pipeline.params import Evaluation, Params, Section, load_section, load_settings
from pipeline.params.values import Seed, Slug
from pipeline.system.errors import UserError

BASE = "base"  # the preset without an edit
COLUMNS = [
    "edit",
    "seeds",
    "map5",
    "base",
    "difference",
    "low",
    "high",
    "visible",
    "seconds",
    "settings",
    "commit",
]


class Study(Section):
    """A preset's name, the ensemble that is scored, train.seed's values, and edits by name.

    An edit is the leaves of the params file that it changes, as in
    `no_triplet: {train.loss.triplet.weight: 0}`.
    """

    preset: str
    ensemble: Slug
    seeds: Annotated[list[Seed], Field(min_length=1)]
    edits: dict[Slug, dict[str, Any]]


def load_study(path: Path, presets: Path) -> tuple[Study, dict[str, dict]]:
    """The study and the params of the base and of every edit, by name, each checked.

    Raises UserError naming the file and what is wrong with it.
    """
    study = load_section(Study, path)
    base = load_settings(presets / f"{study.preset}.yaml")
    if study.ensemble not in base["ensembles"]:
        raise UserError(f"{path}: {study.preset} has no ensemble {study.ensemble}")
    if BASE in study.edits:
        raise UserError(f"{path}: the name {BASE} is reserved for the preset")
    settings = {BASE: base}
    for name, leaves in study.edits.items():
        try:
            settings[name] = replace_leaves(base, leaves)
            Params.model_validate(settings[name])
        except (KeyError, ValueError) as error:
            raise UserError(f"{path}, edit {name}: {error}") from None
    return study, settings


def digest_settings(study: Study, settings: dict[str, dict], edit: str) -> str:
    """Ten digits that change with the settings of the edit or of its base, or with the seeds."""
    content = [study.ensemble, study.seeds, settings[BASE], settings[edit]]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:10]


def replace_leaves(values: dict, leaves: dict[str, Any]) -> dict:
    """A copy of nested `values` with some leaves replaced; raises KeyError for an unknown one."""
    result = dict(values)
    for leaf, value in leaves.items():
        first, _, rest = leaf.partition(".")
        if first not in result:
            raise KeyError(f"{leaf} is not in the params file")
        result[first] = replace_leaves(result[first], {rest: value}) if rest else value
    return result


def compute_edit_gain(
    edit: str, runs: list[pd.DataFrame], bases: list[pd.DataFrame], evaluation: Evaluation
) -> dict[str, Any]:
    """The gain of an edit over the base: "rankings" tables of the same seeds, in the same order.

    Queries must be the same in all; the interval is by individual, and seeds are resampled with
    them. Raises UserError unless the queries measure known and new individuals.
    """
    truth = bases[0][["image", "truth", "kind", "cluster"]]
    edited, base = (
        np.stack([compute_precision(table, truth) for table in tables]) for tables in (runs, bases)
    )
    if reason := count_individuals(truth).explain():
        raise UserError(f"edit {edit}: {reason}")
    weights = protocol.query_weights(truth["kind"], evaluation.new_whale_prior)
    interval = protocol.seeded_interval(
        *(edited - base, weights, truth["cluster"]),
        *(evaluation.bootstrap, evaluation.seed, truth["kind"]),
    )
    means = {
        name: float(np.average(precision.mean(axis=0), weights=weights))
        for name, precision in (("map5", edited), ("base", base))
    }
    return {"edit": edit, "seeds": len(runs), **means, **interval}


def compute_precision(table: pd.DataFrame, truth: pd.DataFrame) -> np.ndarray:
    """Each query's precision, in the order of `truth`; raises ValueError for other queries."""
    same = table.merge(truth[["image", "truth"]], on=["image", "truth"], validate="one_to_one")
    if len(same) < len(truth) or len(table) > len(truth):
        raise ValueError("the edit has other queries than the base: their folds differ")
    ordered = same.set_index("image").loc[truth["image"]]
    return metrics.precision_at_5(ordered["truth"], ordered["ranking"].str.split(" "))


def format_markdown(table: pd.DataFrame) -> str:
    """The study's table in Markdown, the best edit first."""
    lines = ["| edit | map5 | without it | gain | visible |", "|---|---|---|---|---|"]
    ordered = table.sort_values(["difference", "edit"], ascending=[False, True])
    for row in ordered.to_dict("records"):
        difference, low, high = (format_signed(row[name]) for name in ("difference", "low", "high"))
        map5, base, visible = (format_score(row[name]) for name in ("map5", "base", "visible"))
        name = row["edit"].replace("_", " ")
        lines.append(f"| {name} | {map5} | {base} | {difference} ({low} to {high}) | {visible} |")
    return "\n".join(lines)


def format_score(value: float) -> str:
    """Three digits without a leading zero."""
    return f"{value:.3f}".removeprefix("0")


def format_signed(value: float) -> str:
    """As `format_score`, with a sign always."""
    return ("-" if value < 0 else "+") + format_score(abs(value))
