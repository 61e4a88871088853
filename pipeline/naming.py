"""Who is on one photograph, if anybody known: from evidence about pairs to chances of names."""

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from pipeline.tables import NEW_WHALE


def shortlist(similarities: list[pd.Series], count: int) -> pd.Series:
    """The `count` most similar gallery photographs and their mean similarity, best first.

    similarities : one series a member, by photograph; a photograph that a member's gallery lacks
        is missing there, not zero
    """
    mean = pd.concat(similarities, axis=1).mean(axis=1)
    order = np.lexsort((mean.index.to_numpy(dtype=str), -mean.to_numpy()))
    return mean.iloc[order[:count]]


def chances(looked: pd.DataFrame, known: int, prior: float) -> pd.Series:
    """Probability of each name and of NEW_WHALE, most likely first; they sum to 1.

    Before looking, new is `prior` and each of `known` individuals as likely as any other. An
    individual's evidence is that of its most telling photograph; one without any photograph looked
    at is as good as ruled out: it was less alike than all that were.

    looked : rows identity, evidence (log of the Bayes factor of "the same individual")
    """
    if not known or looked.empty:
        return pd.Series({NEW_WHALE: 1.0})
    best = looked.groupby("identity")["evidence"].max()
    odds = best + np.log((1 - prior) / known)
    odds = pd.concat([odds, pd.Series({NEW_WHALE: np.log(prior)})])
    return np.exp(odds - logsumexp(odds)).sort_values(ascending=False, kind="stable")
