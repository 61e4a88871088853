"""Pairs of identities that may be one animal: the photographs of each get the name of the other.

Catalogues hold animals twice, under two names (89 groups in the humpback competition, as counted by
its 3rd place). A photograph of such an animal gets similar posteriors for both names.
"""

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN, UNSEEN
from pipeline.data.tables import NEW_WHALE

POSTERIORS = ["second_for_first", "first_for_second"]
COLUMNS = ["first", "second", "queries", *POSTERIORS]


def find_duplicate_identities(
    rankings: pd.DataFrame, posteriors: pd.DataFrame, min_posterior: float
) -> pd.DataFrame:
    """Pairs of identities whose held-out photographs are taken for each other's, worst first.

    Columns: first, second (by name); queries, the held-out photographs of both; second_for_first,
    the mean posterior of the second for photographs of the first, and first_for_second; NaN for an
    identity without a held-out photograph. The smaller is `min_posterior` or more: two names of one
    animal are taken for each other, and a look-alike often one way only.

    rankings : table "rankings"
    posteriors : columns query, identity, posterior
    """
    identity = find_query_identities(rankings)
    named = posteriors[posteriors["query"].isin(identity.index)]
    named = named.assign(truth=identity.loc[named["query"]].to_numpy())
    counts = identity.value_counts()
    wrong = named[(named["identity"] != named["truth"]) & (named["identity"] != NEW_WHALE)]
    summed = wrong.groupby(["truth", "identity"])["posterior"].sum()
    means = summed / counts.loc[summed.index.get_level_values("truth")].to_numpy()
    rows = []
    for first, second in sorted({tuple(sorted(pair)) for pair in means.index}):
        forward, backward = (
            means.get(pair, 0.0) if pair[0] in counts.index else np.nan
            for pair in ((first, second), (second, first))
        )
        queries = int(counts.get(first, 0) + counts.get(second, 0))
        rows.append([first, second, queries, forward, backward])
    table = pd.DataFrame(rows, columns=COLUMNS)
    smaller = table[POSTERIORS].min(axis=1)
    order = smaller.sort_values(ascending=False, kind="stable").index
    return table.loc[order[smaller[order] >= min_posterior]].reset_index(drop=True)


def find_query_identities(rankings: pd.DataFrame) -> pd.Series:
    """The identity of each held-out photograph that has one, by image.

    Also of those whose individual is wholly held out, and new to its member.
    """
    named = rankings[rankings["kind"].isin([KNOWN, UNSEEN])]
    return named.set_index("image")["cluster"]


def find_best_pair(first: str, second: str, pairs: pd.DataFrame) -> pd.Series | None:
    """The two identities' photographs with the most inliers; None if none were matched.

    pairs : the pairs of `match`, of all folds, with a column query_identity
    """
    across = (pairs["query_identity"] == first) & (pairs["identity"] == second)
    across |= (pairs["query_identity"] == second) & (pairs["identity"] == first)
    matched = pairs[across]
    return None if matched.empty else matched.iloc[matched["inliers"].argmax()]
