"""Published rules for splitting a labelled collection into training and test photographs.

`split_closed` and `split_open` follow the rule behind the published figures on public animal sets
(Adam et al. 2024, WACV, "WildlifeDatasets"): every individual separately, in the order of a linear
congruential generator, so that everyone gets the same split.
"""

import datetime
import re
from collections.abc import Hashable, Iterator, Set

import numpy as np
import pandas as pd

SEED = 666
DAY = re.compile(
    r"(?P<year>\d{4})(?:(?P<sign>[-:/.])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})"
    r"|(?P<month_>\d\d)(?P<day_>\d\d))(?:[T ]+\d.*)?"
)
LISTED_ROWS = 5  # of dates that can't be read


def split_closed(identities: pd.Series, ratio: float, seed: int = SEED) -> np.ndarray:
    """True for the test: about 1 - `ratio` of each individual's photographs, never all of them.

    Individuals are taken in sorted order: numbers must be sorted as numbers to match published
    splits, so pass them as numbers.
    """
    return _split_individuals(identities, ratio, set(), generate_numbers(seed))


def split_open(identities: pd.Series, ratio: float, new: float, seed: int = SEED) -> np.ndarray:
    """True for the test, which also gets some individuals whole: about `new` of all photographs.

    The other individuals are split so that the training keeps about `ratio` of everything.
    """
    states = generate_numbers(seed)
    counts = identities.value_counts()
    counts = counts.iloc[permute(len(counts), states)]
    wanted = np.round(len(identities) * new)
    unknown = counts.index[: int(np.argmax(counts.cumsum() >= wanted))]
    rest = len(identities) - int(counts[unknown].sum())
    fraction = np.clip(len(identities) * ratio / rest, 0, 1) if rest else ratio
    return _split_individuals(identities, fraction, set(unknown), states)


def split_by_date(identities: pd.Series, dates: pd.Series, ratio: float) -> np.ndarray:
    """True for the test: the latest days, about 1 - `ratio` of all photographs.

    `dates` are as `parse_days` reads them. A day is never split: its photographs resemble each
    other more than the animals do. Raises ValueError if a date can't be read, and if there is only
    one day.
    """
    days = parse_days(dates)
    counts = days.value_counts().sort_index()
    if len(counts) < 2:
        raise ValueError(f"all {len(identities)} photographs are of one day: no split by date")
    before = counts.cumsum() <= ratio * len(identities)
    first = max(1, min(int(before.sum()), len(counts) - 1))
    return (days >= counts.index[first]).to_numpy()


def parse_days(dates: pd.Series) -> pd.Series:
    """The days of dates that begin with year, month and day, as 2024-05-31.

    dates : by the row in their file: 2024-05-31, also with `/`, `.` or the `:` of EXIF, and with a
        time and its zone, which are ignored: the day is the local one, as it is written

    Raises ValueError naming all rows whose date is missing or is written in another way.
    """
    faults, days = [], []
    for row, date in dates.items():
        day = _parse_day(date.strip())
        days.append(day)
        if not day:
            faults.append(f"row {row}: {date!r}" if date.strip() else f"row {row}: no date")
    if faults:
        more = f" and {len(faults) - LISTED_ROWS} more" if len(faults) > LISTED_ROWS else ""
        raise ValueError(
            f"{len(faults)} photographs have no date that begins with year, month and day "
            f"(2024-05-31, or EXIF's 2024:05:31 10:00:00): {', '.join(faults[:LISTED_ROWS])}{more}"
        )
    return pd.Series(days, dates.index, dtype=str)


def _parse_day(date: str) -> str:
    """The day as 2024-05-31, or "" for another way of writing and days that no calendar has."""
    found = DAY.fullmatch(date)
    if found is None:
        return ""
    month, day = found["month"] or found["month_"], found["day"] or found["day_"]
    try:
        return datetime.date(int(found["year"]), int(month), int(day)).isoformat()
    except ValueError:  # the 0000:00:00 of a camera whose clock is not set
        return ""


def keep_groups_together(test: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Move duplicate groups to the training that have a photograph there; returns the test mask."""
    trained = np.unique(groups[~test])
    return test & ~np.isin(groups, trained)


def generate_numbers(seed: int) -> Iterator[int]:
    """Yield the states x -> 1103515245 x + 12345, modulo 2^31, that follow the seed."""
    state = seed
    while True:
        state = (1103515245 * state + 12345) % 2**31
        yield state


def permute(count: int, states: Iterator[int]) -> np.ndarray:
    """Return 0 to count - 1 in the order of as many numbers of the generator."""
    return np.argsort([next(states) for _ in range(count)])


def _split_individuals(
    identities: pd.Series, ratio: float, unknown: Set[Hashable], states: Iterator[int]
) -> np.ndarray:
    """Split each individual's photographs in the generator's order: the first ones are trained.

    unknown : individuals that are in the test as a whole
    """
    test = np.zeros(len(identities), bool)
    positions = pd.Series(np.arange(len(identities)))
    for identity, own in positions.groupby(identities.to_numpy()):
        if identity in unknown:
            test[own] = True
            continue
        trained = int(np.round(ratio * len(own)))
        trained = min(max(trained, 1), max(len(own) - 1, 1))
        test[own.to_numpy()[permute(len(own), states)[trained:]]] = True
    return test
