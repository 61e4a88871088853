"""Duplicate groups: the files of one photograph, and the labels that they came with and have now.

g   images of the group
l   their labels in the competition; "" for a test photograph
d   their labels now; "" if a label was dropped
c   whether the labels of the competition conflict
"""

from typing import Any

import pandas as pd

from pipeline.data.tables import is_pseudo


def list_groups(
    groups: pd.DataFrame, images: pd.DataFrame, labels: pd.DataFrame
) -> list[dict[str, Any]]:
    """Groups of two or more duplicates, those with conflicting labels first.

    groups, images, labels : the tables "groups", "images" and "labels"
    """
    original = images.set_index("image")["identity"]
    current = labels[~is_pseudo(labels)].set_index("image")["identity"]
    entries = []
    for _, rows in groups[groups.duplicated("group", keep=False)].groupby("group"):
        names = rows["image"].tolist()
        given = [original[name] for name in names]
        entry = {"g": names, "l": given, "d": [current.get(name, "") for name in names]}
        entries.append(entry | {"c": len(set(filter(None, given))) > 1})
    return sorted(entries, key=lambda entry: not entry["c"])
