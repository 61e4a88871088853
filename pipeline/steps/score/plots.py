"""Tables beside the score card, plotted by `dvc plots`."""

import numpy as np
import pandas as pd

from pipeline.data import gallery
from pipeline.data.gallery import KNOWN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import metrics, reliability
from pipeline.evaluation.coverage import weigh_both_kinds

LARGEST = 10**9  # photographs; no individual has so many


def score_by_gallery_size(
    rankings: pd.DataFrame, folds: pd.DataFrame, lower_bounds: list[int]
) -> pd.DataFrame:
    """Scores of known queries by the number of photographs of their identity in the gallery.

    Columns: photographs (a range), queries, map5, top1.

    lower_bounds : where each range begins, ascending; the last is open
    """
    known = rankings[rankings["kind"] == KNOWN]
    lists = known["ranking"].str.split(" ").tolist()
    scored = known.assign(
        map5=metrics.precision_at_5(known["truth"], lists),
        top1=metrics.hits_by_rank(known["truth"], lists)[:, 0],
        size=gallery.count_of_truth(folds, known),
    )
    rows = []
    upper_bounds = [*(bound - 1 for bound in lower_bounds[1:]), LARGEST]
    for low, high in zip(lower_bounds, upper_bounds, strict=True):
        part = scored[scored["size"].between(low, high)]
        name = str(low) if low == high else f"{low} or more" if high == LARGEST else f"{low}-{high}"
        row = {"photographs": name, "queries": len(part)}
        rows.append(row | part[["map5", "top1"]].mean().round(4).to_dict())
    return pd.DataFrame(rows)


def build_first_answer_diagram(
    rankings: pd.DataFrame, posteriors: pd.DataFrame, bins: int
) -> pd.DataFrame:
    """The reliability diagram of first answers (`reliability.build_diagram`).

    rankings : table "rankings"
    posteriors : columns query, identity, posterior; an answer without one has probability 0
    bins : of equal width

    Empty unless the queries measure known and new individuals.
    """
    posterior = posteriors.set_index(["query", "identity"])["posterior"]
    first = rankings["ranking"].str.split(" ").str[0]
    probability = posterior.reindex(pd.MultiIndex.from_arrays([rankings["image"], first])).fillna(0)
    right = (first == rankings["truth"]).to_numpy(float)
    weights = weigh_both_kinds(rankings)
    edges = np.linspace(0, 1, bins + 1)
    return reliability.build_diagram(probability.to_numpy(), right, weights, edges)


def classify_outcomes(rankings: pd.DataFrame) -> pd.DataFrame:
    """Columns actual, predicted: known, new or (a known individual taken for) another."""
    first = rankings["ranking"].str.split(" ").str[0]
    actual = (rankings["truth"] == NEW_WHALE).map({True: "new", False: "known"})
    predicted = pd.Series("known", index=rankings.index).mask(first == NEW_WHALE, "new")
    wrong = (actual == "known") & (predicted == "known") & (first != rankings["truth"])
    return pd.DataFrame({"actual": actual, "predicted": predicted.mask(wrong, "another")})
