"""How well clusters of photographs agree with their individuals: AnimalCLEF 2026's score.

It is the adjusted Rand index of each species (wildlife-datasets,
baselines/AnimalCLEF2026/submissions.ipynb).
"""

import numpy as np
import pandas as pd

from pipeline.data.gallery import LABELLED_NEW
from pipeline.evaluation import clustering, protocol
from pipeline.evaluation.species import Statistic


def select_identified(queries: pd.DataFrame, prior: float) -> pd.DataFrame:
    """The held-out queries (column kind) whose individual is known, weighted to the prior.

    Whom a photograph labelled new_whale shows is not known: the other new ones carry the prior.
    """
    rows = queries[queries["kind"] != LABELLED_NEW]
    return rows.assign(weight=protocol.query_weights(rows["kind"], prior))


def is_measurable(individuals: pd.Series) -> bool:
    """Whether two photographs show one individual, and two show different ones."""
    return 1 < individuals.nunique() < len(individuals)


def prepare_agreement(rows: pd.DataFrame) -> Statistic:
    """The mean index over the folds of one species, by how often each of q photographs counts.

    rows : q rows, columns fold, individual, label (of its cluster), weight; NaN if no fold is
        measurable
    """
    places = [
        place
        for place in rows.groupby("fold").indices.values()
        if is_measurable(rows["individual"].iloc[place])
    ]
    labels, individuals = (pd.factorize(rows[key])[0] for key in ("label", "individual"))
    weights = rows["weight"].to_numpy()

    def score(times: np.ndarray) -> float:
        weighted = weights * times
        scores = [
            clustering.weighted_ari(labels[own], individuals[own], weighted[own]) for own in places
        ]
        measured = [score for score in scores if not np.isnan(score)]
        return float(np.mean(measured)) if measured else float("nan")

    return score
