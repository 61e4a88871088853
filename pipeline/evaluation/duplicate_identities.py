"""Two identities that may be one animal: whose photographs are taken for each other's.

Catalogues hold animals twice, under two names (89 groups in the humpback competition, by its 3rd
place's count). A photograph of such an animal finds both names alike.
"""

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN, UNSEEN
from pipeline.data.tables import NEW_WHALE

COLUMNS = ["first", "second", "queries", "taken", "back"]


def suspects(rankings: pd.DataFrame, posteriors: pd.DataFrame, least: float) -> pd.DataFrame:
    """Pairs of identities whose held-out photographs are taken for each other's, worst first.

    Columns: first, second (by name); queries, photographs of both that were asked; taken, the mean
    posterior of the second for the first's photographs, and back, the other way round. NaN where
    the one has no photograph that was asked; the smaller is at least `least`, for two names of one
    animal are taken for each other, and a look-alike often one way only.

    rankings : table "rankings"
    posteriors : columns query, identity, posterior
    """
    truth = owners(rankings)
    own = posteriors[posteriors["query"].isin(truth.index)]
    own = own.assign(truth=truth.loc[own["query"]].to_numpy())
    asked = truth.value_counts()
    wrong = own[(own["identity"] != own["truth"]) & (own["identity"] != NEW_WHALE)]
    summed = wrong.groupby(["truth", "identity"])["posterior"].sum()
    shares = summed / asked.loc[summed.index.get_level_values("truth")].to_numpy()
    pairs = sorted({tuple(sorted(pair)) for pair in shares.index})
    rows = []
    for first, second in pairs:
        taken, back = (
            shares.get(way, 0.0) if way[0] in asked.index else np.nan
            for way in ((first, second), (second, first))
        )
        queries = int(asked.get(first, 0) + asked.get(second, 0))
        rows.append([first, second, queries, taken, back])
    table = pd.DataFrame(rows, columns=COLUMNS)
    smaller = table[["taken", "back"]].min(axis=1)
    order = smaller.sort_values(ascending=False, kind="stable").index
    return table.loc[order[smaller[order] >= least]].reset_index(drop=True)


def owners(rankings: pd.DataFrame) -> pd.Series:
    """The identity of each held-out photograph that has one, by image; also of those whose
    individual is wholly held out, and new to its member.
    """
    named = rankings[rankings["kind"].isin([KNOWN, UNSEEN])]
    return named.set_index("image")["cluster"]


def best_pair(first: str, second: str, pairs: pd.DataFrame) -> pd.Series | None:
    """The two identities' photographs with the most matched points; None where none were matched.

    pairs : `match`'s pairs of all folds, with a column owner: the query's identity
    """
    across = (pairs["owner"] == first) & (pairs["identity"] == second)
    across |= (pairs["owner"] == second) & (pairs["identity"] == first)
    found = pairs[across]
    return None if found.empty else found.loc[found["inliers"].idxmax()]
