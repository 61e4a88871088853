"""Copies of one photograph, and what was decided where their labels contradict each other."""

import pandas as pd


def groups(groups: pd.DataFrame, images: pd.DataFrame, labels: pd.DataFrame) -> list[dict]:
    """Groups of two or more copies: images, their competition's labels ("" for the test), and the
    label that each has now ("" where it was dropped). `c` is true where labels contradict; these
    come first.

    groups, images, labels : the tables "groups", "images" and "labels"
    """
    first = images.set_index("image")["identity"]
    kept = labels[labels["only_fold"] == ""].set_index("image")["identity"]
    found = []
    for _, own in groups[groups.duplicated("group", keep=False)].groupby("group"):
        names = own["image"].tolist()
        said = [first[name] for name in names]
        entry = {"g": names, "l": said, "d": [kept.get(name, "") for name in names]}
        found.append(entry | {"c": len(set(filter(None, said))) > 1})
    return sorted(found, key=lambda one: not one["c"])
