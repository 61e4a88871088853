"""Photographs under several identities: which one they keep."""

import pandas as pd

from pipeline.data.tables import NEW_WHALE


def resolve_conflicts(labels: pd.DataFrame, policy: str) -> pd.DataFrame:
    """Give every duplicate group one identity; changed rows have provenance conflict.

    policy : majority (`majority_identity` decides), first (that of the first image), or drop (the
        group's rows are removed)
    """
    conflicting = labels.groupby("group")["identity"].transform("nunique") > 1
    if policy == "drop" or not conflicting.any():
        return labels[~conflicting]
    totals = count_identities(labels)
    resolved = {
        group: names.iloc[0] if policy == "first" else majority_identity(names, totals)
        for group, names in labels[conflicting].groupby("group")["identity"]
    }
    identity = labels["group"].map(resolved).where(conflicting, labels["identity"])
    provenance = labels["provenance"].where(identity == labels["identity"], "conflict")
    return labels.assign(identity=identity, provenance=provenance)


def count_identities(labels: pd.DataFrame) -> dict[str, int]:
    """Count the images of each identity."""
    return {str(name): count for name, count in labels["identity"].value_counts().items()}


def majority_identity(names: pd.Series, totals: dict[str, int]) -> str:
    """Return the identity that most of the images have.

    A known identity always wins over new_whale, which only means "not recognized". Ties go to the
    identity with more images in total, then to the alphabetically first.
    """
    counts = {str(name): count for name, count in names.value_counts().items()}
    return min(counts, key=lambda name: (name == NEW_WHALE, -counts[name], -totals[name], name))
