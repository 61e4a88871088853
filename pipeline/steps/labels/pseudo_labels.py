"""Pseudo-labels: labels that members gave to test images and to unlabelled ones."""

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.system.errors import UserError


def accept(
    pseudo: pd.DataFrame,
    table: pd.DataFrame,
    labels: pd.DataFrame,
    renamed: dict[str, str],
    different: list[tuple[str, str]],
) -> pd.DataFrame:
    """Build rows of the table "labels": provenance pseudo, only_fold the member's fold.

    pseudo : data/pseudo.csv
    table : all images with their groups
    labels : the labels without pseudo-labels
    renamed : identities that review gave another name
    different : pairs of photographs that review calls different; a pseudo-label that contradicts
        one is left out, and so is one of a photograph that a reviewer has named

    Raises UserError with every fault.
    """
    rows = pseudo.assign(identity=pseudo["identity"].replace(renamed))
    faults = find_faults(rows, table, labels)
    if faults:
        raise UserError("\n".join(faults))
    identity = dict(zip(labels["image"], labels["identity"], strict=True))
    contradicted = {(a, identity.get(b)) for pair in different for a, b in (pair, pair[::-1])}
    given = zip(rows["image"], rows["identity"], strict=True)
    rows = rows[np.array([label not in contradicted for label in given], bool)]
    rows = rows[~rows["image"].isin(labels["image"])].merge(table[["image", "group"]], on="image")
    return rows.assign(provenance="pseudo", only_fold=rows["fold"].astype(str))


def check_folds(pseudo: pd.DataFrame, count: int) -> None:
    """Raise UserError with every row of data/pseudo.csv for a fold that does not exist.

    count : folds.count
    """
    wrong = pseudo[pseudo["fold"] >= count]
    if len(wrong):
        rows = zip((wrong.index + 2).tolist(), wrong["fold"], strict=True)
        faults = [
            f"data/pseudo.csv, row {row}: there is no fold {fold}, folds.count is {count}"
            for row, fold in rows
        ]
        raise UserError("\n".join(faults))


def find_faults(rows: pd.DataFrame, table: pd.DataFrame, labels: pd.DataFrame) -> list[str]:
    """Find what is wrong with pseudo-labels: images, identities or folds that can't have one."""
    known = set(labels["identity"]) - {NEW_WHALE}
    without_label = set(table.loc[table["split"] != "train", "image"])
    faults = []
    if rows["round"].nunique() > 1:
        faults.append(f"data/pseudo.csv has rounds {sorted(set(rows['round']))}: one at a time")
    repeated = rows.duplicated(["image", "fold"])
    columns = (rows.index, rows["image"], rows["identity"], rows["fold"], repeated)
    for row, image, identity, fold, again in zip(*columns, strict=True):
        place = f"data/pseudo.csv, row {row + 2}"
        if image not in without_label:
            faults.append(f"{place}: {image} is neither in the test nor unlabelled")
        if identity not in known:
            faults.append(f"{place}: {identity!r} is not a known identity")
        if again:
            faults.append(f"{place}: {image} has a label for fold {fold} already")
    return faults
