"""Published rules for parting a labelled collection into training and test.

`closed` and `open_set` follow the rule behind the published figures on public animal sets (Adam et
al. 2024, WACV, "WildlifeDatasets"): every individual by itself, in the order of a linear
congruential generator, so that anyone gets the same parts.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

SEED = 666


def closed(identities: pd.Series, ratio: float, seed: int = SEED) -> np.ndarray:
    """True for the test: about 1 - `ratio` of each individual's photographs, never all of them.

    Individuals are taken in sorted order: numbers must be sorted as numbers to match published
    parts, so pass them as numbers.
    """
    return _parted(identities, ratio, [], numbers(seed))


def open_set(identities: pd.Series, ratio: float, new: float, seed: int = SEED) -> np.ndarray:
    """True for the test, which also gets some individuals whole: about `new` of all photographs.

    The other individuals are parted so that the training keeps about `ratio` of everything.
    """
    states = numbers(seed)
    counts = identities.value_counts()
    counts = counts.iloc[permutation(len(counts), states)]
    wanted = np.round(len(identities) * new)
    strangers = counts.index[: int(np.argmax(counts.cumsum() >= wanted))]
    apart = int(counts[strangers].sum())
    rest = len(identities) - apart
    share = np.clip(len(identities) * ratio / rest, 0, 1) if rest else ratio
    return _parted(identities, share, list(strangers), states)


def by_date(identities: pd.Series, dates: pd.Series, ratio: float) -> np.ndarray:
    """True for the test: the latest days, about 1 - `ratio` of all photographs.

    `dates` are as 2024-05-31, with or without a time. A day is never torn apart: its photographs
    resemble each other more than the animals do. Raises ValueError where a date is missing, and
    where there is only one day.
    """
    days = pd.to_datetime(dates, format="ISO8601").dt.normalize()
    if days.isna().any():
        raise ValueError(f"{int(days.isna().sum())} photographs have no date")
    counts = days.value_counts().sort_index()
    if len(counts) < 2:
        raise ValueError(f"all {len(identities)} photographs are of one day: no split by date")
    before = counts.cumsum() <= ratio * len(identities)
    first = max(1, min(int(before.sum()), len(counts) - 1))
    return (days >= counts.index[first]).to_numpy()


def together(test: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Copies of one photograph on one side: where any is in training, all are."""
    trained = np.unique(groups[~test])
    return test & ~np.isin(groups, trained)


def numbers(seed: int) -> Iterator[int]:
    """x -> 1103515245 x + 12345, modulo 2^31, after the seed."""
    state = seed
    while True:
        state = (1103515245 * state + 12345) % 2**31
        yield state


def permutation(count: int, states: Iterator[int]) -> np.ndarray:
    """0 to count - 1 in the order of as many numbers of the generator."""
    return np.argsort([next(states) for _ in range(count)])


def _parted(
    identities: pd.Series, ratio: float, strangers: list, states: Iterator[int]
) -> np.ndarray:
    """Each individual's photographs, in the generator's order: the first ones train."""
    test = np.zeros(len(identities), bool)
    place = pd.Series(np.arange(len(identities)))
    for identity, own in place.groupby(identities.to_numpy()):
        if identity in strangers:
            test[own] = True
            continue
        kept = int(np.round(ratio * len(own)))
        kept = min(max(kept, 1), max(len(own) - 1, 1))
        test[own.to_numpy()[permutation(len(own), states)[kept:]]] = True
    return test
