"""Identities that are held out as a whole, so that there are new queries where few are labelled.

Many collections have two photographs or more of almost every individual and none of an unknown one.
Spread over the folds, nearly every individual would be in every gallery: no held-out query, or a
handful, would be new, and little could be learned or measured about new ones. An identity whose
photographs all lie in one fold is new to the member that holds the fold out, and known to all
others.
"""

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE

FRACTION = 0.2  # of the identities: each member still trains on all but 1 / (5 x folds) of them
EACH = 2  # identities per fold at least, also of the only fold that has a member: one is no sample
AT_MOST_ONE_IN = 3  # identities, where EACH per fold would be more
MIN_NEW = 10  # queries per fold: of fewer, the standard error of their recall is above .16
MIN_IDENTITIES = 2  # one animal alone says nothing about new ones
MAX_SIZE = 2  # times the median number of photographs: training needs the larger ones


def choose_whole(identities: pd.Series, folds: np.ndarray, count: int, seed: int) -> frozenset[str]:
    """The identities to hold out whole; none if every fold has MIN_NEW new queries, or if too few.

    identities, folds : of n photographs, as they would be spread

    The fraction does not follow the prior, which weights the queries afterwards: another prior
    leaves folds, and all that was trained on them, as they are. The choice is random among
    identities of an ordinary size, so that these are as hard to tell from others as the rest.
    """
    sizes = identities.value_counts()
    new = identities.map(sizes).eq(1) | identities.eq(NEW_WHALE)
    if np.bincount(folds[new], minlength=count).min() >= MIN_NEW:
        return frozenset()
    repeated = sizes[(sizes > 1) & (sizes.index != NEW_WHALE)].sort_index()
    ordinary = repeated.index[repeated <= MAX_SIZE * repeated.median()]
    wanted = max(round(FRACTION * len(repeated)), EACH * count)
    number = min(wanted, len(repeated) // AT_MOST_ONE_IN, len(ordinary))
    chosen = np.random.default_rng([seed, 1]).permutation(ordinary)[:number]
    # each takes one fold at least, and no fold may be left without a photograph
    fill = len(identities) - repeated[chosen].sum() + len(chosen) >= count
    return frozenset(chosen) if fill and number >= MIN_IDENTITIES else frozenset()
