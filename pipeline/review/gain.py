"""What an answer to "do these two photographs show the same animal?" is expected to correct.

Two photographs have different names. If they turn out to show the same animal, either one of them
has a wrong name, or all photographs of both names show one animal. The photographs of the smaller
side would get another name: the expected number of them is the gain of asking.
"""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

ITERATIONS = 200
# the prior of pairs whose evidence is flat or absent must still leave room for surprise
LEAST, MOST = 1e-6, 1 - 1e-6


def fit_prior(evidence: np.ndarray, weights: np.ndarray) -> float:
    """The fraction of n pairs that show the same animal, by maximum likelihood.

    Expectation maximization on pairs without labels: the fraction at which the mean probability is
    the fraction itself (Saerens et al. 2002). Without pairs, LEAST.

    evidence : log of the Bayes factor for "the same animal"
    weights : how many pairs each stands for
    """
    if not len(evidence):
        return LEAST
    prior = 0.5
    for _ in range(ITERATIONS):
        last = prior
        prior = float(np.average(expit(evidence + logit(prior)), weights=weights))
        prior = min(max(prior, LEAST), MOST)
        if abs(prior - last) < 1e-3 * last:
            break
    return prior


def compute_gains(pairs: pd.DataFrame, names: "pd.Series[str]") -> np.ndarray:
    """The expected number of photographs that get another name by the answer on each of n pairs.

    It is the pair's probability times the smaller of two numbers: of photographs with the first
    one's name that are expected to go with the second, and the reverse. A photograph goes with
    another name as probably as the most probable of its pairs with photographs of that name. Pairs
    with one name gain nothing.

    pairs : columns photograph, other, probability
    names : the present name of every photograph
    """
    if pairs.empty:
        return np.empty(0)
    codes, found = pd.factorize(names)
    first, second = (
        names.index.get_indexer(pd.Index(pairs[end])) for end in ("photograph", "other")
    )
    probability, count = pairs["probability"].to_numpy(), len(found)
    image = np.concatenate([first, second])
    own, their = codes[image], codes[np.concatenate([second, first])]
    goes, place = np.unique(image * count + their, return_inverse=True)
    best = np.zeros(len(goes))  # how probably a photograph goes with a name
    np.maximum.at(best, place, np.tile(probability, 2))
    both, side = np.unique(own * count + their, return_inverse=True)
    is_first = np.unique(place, return_index=True)[1]
    expected = np.bincount(side[is_first], best[place[is_first]], len(both))
    moving = 1 + expected[side] - best[place]
    gains = probability * np.minimum(*moving.reshape(2, -1))
    return np.where(own[: len(first)] == their[: len(first)], 0.0, gains)
