"""Decisions of a review: checked before they are written, and those that hold."""

from collections.abc import Hashable
from datetime import UTC, datetime

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts
from pipeline.data.pseudo_table import read_pseudo_labels
from pipeline.steps.labels import labels
from pipeline.steps.labels.verdicts import DECISIONS

KEYS = ("image_a", "image_b", "decision")


def parse_decision(request: object, reviewer: str) -> dict[str, str]:
    """The row of data/review.csv for a request's JSON. Raises ValueError if it makes none."""
    if not isinstance(request, dict) or not all(isinstance(request.get(key), str) for key in KEYS):
        raise ValueError(f"a decision has the texts {', '.join(KEYS)}")
    if request["decision"] not in DECISIONS:
        raise ValueError(f"{request['decision']!r} is none of {', '.join(DECISIONS)}")
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return {**{key: request[key] for key in KEYS}, "who": reviewer, "when": when}


def check_decisions(policy: str, decisions: pd.DataFrame) -> None:
    """Resolve the labels with these decisions. Raises ValueError if they contradict each other.

    policy : labels.conflicts
    """
    labels.resolve_labels(
        artefacts.load_images(),
        artefacts.load_groups(),
        policy,
        decisions,
        read_pseudo_labels(paths.PSEUDO),
    )


def current_decisions(decisions: pd.DataFrame) -> list[dict[Hashable, str]]:
    """The last decision on every pair, undone ones left out, in the order they were made."""
    last: dict[tuple[str, ...], dict[Hashable, str]] = {}
    for row in decisions.to_dict("records"):
        last[tuple(sorted((row["image_a"], row["image_b"])))] = row
    return [row for row in last.values() if row["decision"] != "undo"]
