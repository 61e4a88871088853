"""Viewpoints: which photographs are comparable, since the left flank does not show the right one.

A viewpoint is any word (left, right, front, ...) that the competition's viewpoints.csv gives.
Photographs of two different known viewpoints are never compared; one of an unknown viewpoint is
compared with all.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from pipeline.data import identity_names


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
    own = queries.map(viewpoints).to_numpy(dtype=object)
    other = gallery.map(viewpoints).to_numpy(dtype=object)
    unknown = pd.isna(own)
    if unknown.any():
        yield unknown, np.ones(len(gallery), bool)
    for viewpoint in sorted(set(own[~unknown])):
        yield own == viewpoint, pd.isna(other) | (other == viewpoint)
