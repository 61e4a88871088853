"""Viewpoints: which photographs are comparable, since the left flank does not show the right one.

A viewpoint is any word (left, right, front, ...) that the competition's viewpoints.csv gives.
Photographs of two different known viewpoints are never compared; one of an unknown viewpoint is
compared with all. The same holds for species: a word `left@lynx` is the left side of a lynx, and
`@lynx` a lynx from an unknown side.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from pipeline.data import identity_names

SPECIES = "@"  # before the species in a word


def join(viewpoint: str, species: str) -> str:
    """The word for a viewpoint of a species; either may be "", unknown."""
    return f"{viewpoint}{SPECIES}{species}" if species else viewpoint


def are_comparable(word: str, others: np.ndarray) -> np.ndarray:
    """Which of n words (object, "" is unknown) a photograph of `word` is compared with, n bool."""
    known = {other: _are_comparable(word, other) for other in set(others.tolist())}
    return np.array([known[other] for other in others.tolist()], dtype=bool)


def _are_comparable(first: str, second: str) -> bool:
    """Whether neither the viewpoints nor the species are known and different."""
    viewpoint, _, species = first.partition(SPECIES)
    other_viewpoint, _, other_species = second.partition(SPECIES)
    pairs = (viewpoint, other_viewpoint), (species, other_species)
    return all(one == other or not one or not other for one, other in pairs)


def find_variants(file: str, column: pd.Series) -> list[str]:
    """Faults of viewpoints that are one word written in several ways, which are never compared.

    column : viewpoints by the row in `file`; "" is unknown
    """
    known = column[column.str.strip() != ""]
    rows = identity_names.locate(file, known)
    return [
        f"{rows[same[-1]]}: viewpoint {same[-1]!r} is also written {same[0]!r}: write it in one "
        "way, since different viewpoints are never compared"
        for same in identity_names.group_alike(rows, lambda word: word.strip().casefold())
    ]


def split_comparable(
    queries: pd.Series, gallery: pd.Series, viewpoints: Mapping[str, str]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield masks of queries and of the gallery photographs that they are compared with.

    queries, gallery : q and g names
    viewpoints : by name of a photograph

    The masks are bool q and bool g. Every query is in exactly one of the parts.
    """
    own = np.array([viewpoints.get(name, "") for name in queries], dtype=object)
    other = np.array([viewpoints.get(name, "") for name in gallery], dtype=object)
    for word in sorted(set(own)):
        yield own == word, are_comparable(word, other)
