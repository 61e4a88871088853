"""The answers to all queries of an ensemble: the held-out ones, and those of the test.

query   kind   truth  fold  place  identity   posterior
0a.jpg  known  w_1    2     0      w_1        .91
0a.jpg  known  w_1    2     1      new_whale  .06
"""

import pandas as pd

from pipeline.data.gallery import TEST
from pipeline.data.tables import NEW_WHALE

UNSURE, SURE = 0.5, 0.9  # of the first answer's posterior: below it, and from it on
COLUMNS = ["query", "kind", "truth", "fold", "place", "identity", "posterior"]


def list_answers(
    held_out: pd.DataFrame, test: pd.DataFrame, posteriors: pd.DataFrame
) -> pd.DataFrame:
    """One row per answer, columns COLUMNS; a label that only fills up the list has posterior 0.

    held_out : the answers to the held-out queries (table "rankings")
    test : the submission's answers (columns image, ranking: a list of labels)
    posteriors : columns query, identity, posterior
    """
    held = held_out[["image", "kind", "truth", "fold", "ranking"]]
    held = held.assign(ranking=held["ranking"].str.split(" "))
    queries = pd.concat([held, test.assign(kind=TEST, truth="", fold=-1)], ignore_index=True)
    rows = queries.rename(columns={"image": "query", "ranking": "identity"}).explode("identity")
    rows = rows.assign(place=rows.groupby("query", sort=False).cumcount())
    answers = rows.merge(posteriors, on=["query", "identity"], how="left")
    return answers.assign(posterior=answers["posterior"].fillna(0.0))[COLUMNS]


def select_queries(answers: pd.DataFrame, count: int) -> pd.DataFrame:
    """The answers to `count` queries, wrong and then least certain ones first; the order stays."""
    first = answers[answers["place"] == 0].set_index("query")
    wrong = (first["kind"] != TEST) & (first["identity"] != first["truth"])
    order = first.assign(wrong=wrong).sort_values(["wrong", "posterior"], ascending=[False, True])
    return answers[answers["query"].isin(order.index[:count])].reset_index(drop=True)


def count_kinds(answers: pd.DataFrame) -> dict[str, int]:
    """How many queries of each kind there are, by their first answers.

    named, new, unsure : of the test; right, wrong, suspect : held out. Suspect are the wrong ones
    that are sure: their labels may be wrong.
    """
    first = answers[answers["place"] == 0]
    test, new = first["kind"] == TEST, first["identity"] == NEW_WHALE
    right = first["identity"] == first["truth"]
    unsure = first["posterior"] < UNSURE
    kinds = {
        "named": test & ~new & ~unsure,
        "new": test & new & ~unsure,
        "unsure": test & unsure,
        "right": ~test & right,
        "wrong": ~test & ~right,
        "suspect": ~test & ~right & (first["posterior"] >= SURE),
    }
    return {kind: int(rows.sum()) for kind, rows in kinds.items()}
