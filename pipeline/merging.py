"""Two identities that may be one animal: whose photographs are taken for each other's.

Catalogues hold animals twice, under two names (89 groups in the humpback competition, by its 3rd
place's count). A photograph of such an animal finds both names alike.
"""

import pandas as pd

from pipeline.gallery import KNOWN

COLUMNS = ["first", "second", "queries", "taken", "back"]


def suspects(rankings: pd.DataFrame, posteriors: pd.DataFrame, least: float) -> pd.DataFrame:
    """Pairs of identities whose held-out photographs are taken for each other's, worst first.

    Columns: first, second (by name); queries, photographs of both that were asked; taken, the mean
    posterior of the second for the first's photographs, and back, the other way round. Their mean
    is at least `least`. An identity that was never asked about has no share in it.

    rankings : table "rankings"
    posteriors : columns query, identity, posterior
    """
    truth = rankings[rankings["kind"] == KNOWN].set_index("image")["truth"]
    own = posteriors[posteriors["query"].isin(truth.index)]
    own = own.assign(truth=truth.loc[own["query"]].to_numpy())
    asked = truth.value_counts()
    wrong = own[own["identity"].isin(asked.index) & (own["identity"] != own["truth"])]
    summed = wrong.groupby(["truth", "identity"])["posterior"].sum()
    taken = summed / asked.loc[summed.index.get_level_values("truth")].to_numpy()
    table = taken.rename("taken").reset_index().rename(columns={"truth": "first"})
    table = table.rename(columns={"identity": "second"})
    back = taken.rename("back").reset_index().rename(columns={"truth": "second"})
    both = table.merge(back.rename(columns={"identity": "first"}), on=["first", "second"])
    both = both[(both["first"] < both["second"]) & (both["taken"] + both["back"] >= 2 * least)]
    counted = asked.loc[both["first"]].to_numpy() + asked.loc[both["second"]].to_numpy()
    both = both.assign(queries=counted, mean=both["taken"] + both["back"])
    ordered = both.sort_values(["mean", "first", "second"], ascending=[False, True, True])
    return ordered[COLUMNS].reset_index(drop=True)


def best_pair(first: str, second: str, pairs: pd.DataFrame, truth: pd.Series) -> pd.Series | None:
    """The two identities' photographs with the most matched points; None where none were matched.

    pairs : `match`'s pairs of all folds; truth : each held-out photograph's identity
    """
    whose = pairs["query"].map(truth)
    across = (whose == first) & (pairs["identity"] == second)
    across |= (whose == second) & (pairs["identity"] == first)
    found = pairs[across]
    return None if found.empty else found.loc[found["inliers"].idxmax()]
