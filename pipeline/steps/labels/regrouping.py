"""Duplicate groups without the pairs that a reviewer calls `different`."""

import pandas as pd

from pipeline.steps.labels.verdicts import select_pairs
from pipeline.system.errors import UserError


def add_groups(images: pd.DataFrame, groups: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Add the duplicate group to every row of the "images" table, `different` pairs split.

    Raises UserError naming the row of data/review.csv that separates byte-identical files.
    """
    table = images.merge(groups, on="image", validate="one_to_one")
    return table.assign(group=split_groups(table, verdicts))


def split_groups(table: pd.DataFrame, verdicts: pd.DataFrame) -> pd.Series:
    """Split the groups of `table` (images with groups) so that no `different` pair shares one.

    A group's number stays the row of its first image. Byte-identical files stay together; files
    that no verdict separates stay with the group's first image.
    """
    table = table.reset_index(drop=True)
    separate = find_separate_files(table, verdicts)
    groups = table["group"].copy()
    if not separate:
        return groups
    several = table.groupby("group")["sha256"].transform("nunique") > 1
    for _, group in table[several & table["sha256"].isin(separate)].groupby("group"):
        rows = table.index[table["group"] == group["group"].iloc[0]]
        for part in split_files(table.loc[rows, "sha256"].unique().tolist(), separate):
            together = rows[table.loc[rows, "sha256"].isin(part)]
            groups[together] = together[0]
    return groups


def find_separate_files(table: pd.DataFrame, verdicts: pd.DataFrame) -> dict[str, set[str]]:
    """List for the sha256 of each file those of the files that it is `different` from."""
    file = dict(zip(table["image"], table["sha256"], strict=True))
    separate: dict[str, set[str]] = {}
    for row, a, b in select_pairs(verdicts, "different"):
        if file[a] == file[b]:
            raise UserError(f"data/review.csv, row {row}: {a} and {b} are the same file")
        separate.setdefault(file[a], set()).add(file[b])
        separate.setdefault(file[b], set()).add(file[a])
    return separate


def split_files(files: list[str], separate: dict[str, set[str]]) -> list[set[str]]:
    """Split files into parts without a `separate` pair; each joins the first possible part."""
    parts: list[set[str]] = []
    for file in files:
        part = next((part for part in parts if not part & separate.get(file, set())), None)
        parts.append({file}) if part is None else part.add(file)
    return parts
