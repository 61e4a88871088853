"""Verdicts on pairs of photographs: the rows of data/review.csv that hold.

A row of the file is a verdict on an unordered pair; a later row on the same pair replaces it.
`same`: one individual, with all photographs of either; of a photograph whose label is in doubt
(`corrections.py`) it tells which individual this one shows. `different`: not one individual;
duplicates that differ are no duplicates. `new`: image_a is a new individual. `name`: image_a, which
has no label in the competition, shows the individual image_b. `unsure` and `undo` have no effect
except to replace. Without a `name`, a test image never gets a label here.
"""

import pandas as pd

from pipeline.data import identity_names
from pipeline.data.tables import NEW_WHALE
from pipeline.system.errors import UserError

DECISIONS = ("same", "different", "unsure", "new", "name", "undo")

Pair = tuple[int, str, str]  # a row of data/review.csv and its photographs


def select_verdicts(decisions: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Select the verdicts that hold: image_a, image_b, decision; the index is the file's row.

    Raises UserError with every row that names an unknown image or decision.
    """
    known = set(images["image"])
    labelled = set(images.loc[images["split"] == "train", "image"])
    last: dict[tuple[str, ...], tuple[int, str, str, str]] = {}
    faults = []
    columns = decisions[["image_a", "image_b", "decision"]]
    for row, a, b, decision in columns.set_axis(decisions.index + 2).itertuples(name=None):
        pair = name_photographs(a, b, decision)
        faults += [f"row {row}: there is no image {name!r}" for name in pair if name not in known]
        if decision not in DECISIONS:
            faults.append(f"row {row}: {decision!r} is none of {', '.join(DECISIONS)}")
        if a == b and len(pair) > 1:
            faults.append(f"row {row}: {a} is paired with itself")
        if decision == "name":
            faults += [f"row {row}: {fault}" for fault in find_name_faults(a, b, labelled)]
        key = tuple(sorted(pair))
        if replaces(decision, last.get(key)):
            last[key] = (row, a, b, decision)
    if faults:
        raise UserError("data/review.csv: " + "\n  ".join(["can't be used", *faults]))
    verdicts = [row for row in sorted(last.values()) if row[3] not in ("undo", "unsure")]
    columns_and_row = ["row", "image_a", "image_b", "decision"]
    return pd.DataFrame(verdicts, columns=columns_and_row).set_index("row")


def replaces(decision: str, before: tuple[int, str, str, str] | None) -> bool:
    """Whether a row takes the place of the one before on its pair.

    A repeated `same` does not: the first one tells since when two photographs are one animal.
    """
    return decision != "same" or before is None or before[3] != "same"


def find_name_faults(image: str, identity: str, labelled: set[str]) -> list[str]:
    """What is wrong with a photograph's name; labelled : by the competition."""
    faults = [identity_names.name_fault(identity, {NEW_WHALE})]
    if image in labelled:
        faults.append(
            f"{image} has a label in the competition, which `same` and `different` correct: take "
            "its `name` back (add an `undo` row)"
        )
    return [fault for fault in faults if fault]


def name_photographs(a: str, b: str, decision: str) -> tuple[str, ...]:
    """The photographs that a decision is about: one or two."""
    is_single = decision == "name" or (decision in ("new", "undo") and not b)
    return (a,) if is_single else (a, b)


def select_names(verdicts: pd.DataFrame) -> dict[str, str]:
    """The names that reviewers gave, by photograph."""
    rows = verdicts[verdicts["decision"] == "name"]
    return dict(zip(rows["image_a"], rows["image_b"], strict=True))


def select_pairs(verdicts: pd.DataFrame, decision: str) -> list[Pair]:
    """Select the pairs with one decision, in the order of their rows."""
    rows = verdicts[["image_a", "image_b", "decision"]].itertuples(name=None)
    return [(row, a, b) for row, a, b, kind in rows if kind == decision]
