"""All queries of an ensemble with their first answers: those whose truth is known, and the test's.

query   kind   truth  fold  place  identity   posterior
0a.jpg  known  w_1    2     0      w_1        .91
0a.jpg  known  w_1    2     1      new_whale  .06
"""

import pandas as pd

from pipeline.data.gallery import TEST

COLUMNS = ["query", "kind", "truth", "fold", "place", "identity", "posterior"]


def listed(rankings: pd.DataFrame, tested: pd.DataFrame, posteriors: pd.DataFrame) -> pd.DataFrame:
    """A row an answer, columns COLUMNS; a label that only fills up the list has posterior 0.

    rankings : held-out queries (table "rankings")
    tested : the submission's (columns image, ranking: a list of labels)
    posteriors : columns query, identity, posterior
    """
    held = rankings[["image", "kind", "truth", "fold", "ranking"]]
    held = held.assign(ranking=held["ranking"].str.split(" "))
    asked = pd.concat([held, tested.assign(kind=TEST, truth="", fold=-1)], ignore_index=True)
    rows = asked.rename(columns={"image": "query", "ranking": "identity"}).explode("identity")
    rows = rows.assign(place=rows.groupby("query", sort=False).cumcount())
    found = rows.merge(posteriors, on=["query", "identity"], how="left")
    return found.assign(posterior=found["posterior"].fillna(0.0))[COLUMNS]


def most_telling(answers: pd.DataFrame, count: int) -> pd.DataFrame:
    """The answers to `count` queries: wrong ones first, then the least sure; in their old order."""
    first = answers[answers["place"] == 0].set_index("query")
    wrong = (first["kind"] != TEST) & (first["identity"] != first["truth"])
    order = first.assign(wrong=wrong).sort_values(["wrong", "posterior"], ascending=[False, True])
    return answers[answers["query"].isin(order.index[:count])].reset_index(drop=True)
