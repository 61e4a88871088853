"""Labels on which several systems agree, certain enough to train on."""

import pandas as pd

from pipeline.data.tables import NEW_WHALE


def find_agreed_labels(posteriors: list[pd.DataFrame], confidence: float) -> pd.DataFrame:
    """Queries whose likeliest answer is the same known identity in every table.

    posteriors : one table per system, columns query, identity, posterior
    confidence : the lowest posterior that counts, in every table
    Returns columns image, identity, confidence (the lowest of its posteriors), by image.
    """
    firsts = []
    for table in posteriors:
        order = ["query", "posterior", "identity"]
        ranked = table.sort_values(order, ascending=[True, False, True])
        firsts.append(ranked.drop_duplicates("query").set_index("query"))
    first = firsts[0]
    same = pd.Series(True, first.index)
    lowest = first["posterior"]
    for table in firsts[1:]:
        other = table.reindex(first.index)
        same &= other["identity"] == first["identity"]
        lowest = lowest.where(lowest <= other["posterior"], other["posterior"])
    chosen = same & (lowest >= confidence) & (first["identity"] != NEW_WHALE)
    labels = pd.DataFrame({"identity": first["identity"], "confidence": lowest})[chosen]
    return labels.rename_axis("image").reset_index()


def select_surest(labels: pd.DataFrame, count: int) -> pd.DataFrame:
    """The `count` surest rows of every fold and identity, or fewer; the first image of ties.

    labels : columns fold, image, identity, confidence

    If members learned from too few labels to be sure of anything, their order is still useful, and
    no identity takes all the labels (Zou et al. 2018, arXiv:1810.07911).
    """
    ranked = labels.sort_values(["fold", "confidence", "image"], ascending=[True, False, True])
    chosen = ranked.groupby(["fold", "identity"]).head(count)
    return chosen.sort_values(["fold", "image"], ignore_index=True)
