"""Labels that the pipeline gave to images of the test, and to unlabelled ones, itself."""

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE


def accept(
    pseudo: pd.DataFrame,
    table: pd.DataFrame,
    labels: pd.DataFrame,
    joined: dict[str, str],
    different: list[tuple[str, str]],
) -> pd.DataFrame:
    """Rows of the labels table for accepted pseudo-labels: provenance pseudo, only_fold the fold.

    pseudo: data/pseudo.csv; table: all images with their groups; labels: what is known without
    them; joined: identities that review gave another name; different: pairs of photographs that a
    person parted: a pseudo-label that says otherwise is left out. Raises ValueError with every
    fault.
    """
    rows = pseudo.assign(identity=pseudo["identity"].replace(joined))
    known = set(labels["identity"]) - {NEW_WHALE}
    nameless = set(table.loc[table["split"] != "train", "image"])
    faults = []
    if rows["round"].nunique() > 1:
        faults.append(f"data/pseudo.csv has rounds {sorted(set(rows['round']))}: one at a time")
    twice = rows.duplicated(["image", "fold"])
    columns = (rows.index, rows["image"], rows["identity"], rows["fold"], twice)
    for row, image, identity, fold, again in zip(*columns, strict=True):
        where = f"data/pseudo.csv, row {row + 2}"
        if image not in nameless:
            faults.append(f"{where}: {image} is neither in the test nor unlabelled")
        if identity not in known:
            faults.append(f"{where}: {identity!r} is not a known identity")
        if fold < 0:
            faults.append(f"{where}: fold {fold} is below 0")
        if again:
            faults.append(f"{where}: {image} has a label for fold {fold} already")
    if faults:
        raise ValueError("\n".join(faults))
    identity = dict(zip(labels["image"], labels["identity"], strict=True))
    parted = {(a, identity.get(b)) for pair in different for a, b in (pair, pair[::-1])}
    said = zip(rows["image"], rows["identity"], strict=True)
    rows = rows[np.array([own not in parted for own in said], bool)]
    rows = rows.merge(table[["image", "group"]], on="image")
    return rows.assign(provenance="pseudo", only_fold=rows["fold"].astype(str))
