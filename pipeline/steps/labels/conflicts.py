"""One photograph under several identities: which one it keeps."""

import pandas as pd

from pipeline.data.tables import NEW_WHALE


def settle(labels: pd.DataFrame, policy: str) -> pd.DataFrame:
    """The labels with one identity a group; a row whose identity changes has provenance conflict.

    policy: majority (the function of that name says what decides ties), first (the image that
    comes first), or drop (the group's rows go).
    """
    varied = labels.groupby("group")["identity"].transform("nunique") > 1
    if policy == "drop" or not varied.any():
        return labels[~varied]
    totals = labels["identity"].value_counts().to_dict()
    kept = {}
    for group, found in labels[varied].groupby("group")["identity"]:
        kept[group] = found.iloc[0] if policy == "first" else majority(found, totals)
    identity = labels["group"].map(kept).where(varied, labels["identity"])
    provenance = labels["provenance"].where(identity == labels["identity"], "conflict")
    return labels.assign(identity=identity, provenance=provenance)


def majority(found: pd.Series, totals: dict[str, int]) -> str:
    """The identity most of the images carry. A known one always beats new_whale, which only says
    that nobody knew; ties go to the one with more images in all, then to the alphabet's first.
    """
    counts = found.value_counts().to_dict()
    return min(counts, key=lambda name: (name == NEW_WHALE, -counts[name], -totals[name], name))
