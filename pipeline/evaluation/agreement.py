"""What several systems agree on: labels sure enough to learn from."""

import pandas as pd

from pipeline.data.tables import NEW_WHALE


def agreed(posteriors: list[pd.DataFrame], confidence: float) -> pd.DataFrame:
    """Queries whose likeliest answer is the same known identity in every table.

    posteriors : one table a system, columns query, identity, posterior
    confidence : the least posterior, in every table
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
    for other in firsts[1:]:
        theirs = other.reindex(first.index)
        same &= theirs["identity"] == first["identity"]
        lowest = lowest.where(lowest <= theirs["posterior"], theirs["posterior"])
    chosen = same & (lowest >= confidence) & (first["identity"] != NEW_WHALE)
    found = pd.DataFrame({"identity": first["identity"], "confidence": lowest})[chosen]
    return found.rename_axis("image").reset_index()


def surest(found: pd.DataFrame, count: int) -> pd.DataFrame:
    """Of every fold and identity at most `count` rows (fold, image, identity, confidence): the
    surest, the first image where they tie.

    Where members learned from too little to be sure of anything their order still says something,
    and no identity takes all the labels (Zou et al. 2018, arXiv:1810.07911).
    """
    ranked = found.sort_values(["fold", "confidence", "image"], ascending=[True, False, True])
    chosen = ranked.groupby(["fold", "identity"]).head(count)
    return chosen.sort_values(["fold", "image"], ignore_index=True)
