"""Sides of an animal: the pattern of its left flank says nothing about its right one.

A viewpoint is any word (left, right, front, ...) that the competition's viewpoints.csv gives.
Photographs of two different known sides are never compared; one of an unknown side is compared with
all.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd


def hidden(images: pd.Series, side: dict[str, str]) -> dict[str, list[str]]:
    """For every known side, which of the images show another one."""
    own = images.map(side)
    return {one: images[own.notna() & (own != one)].tolist() for one in sorted(set(side.values()))}


def comparable(gallery: pd.DataFrame, side: dict[str, str]) -> set[tuple[str, str]]:
    """Who can be found by a query of which side in a gallery (columns image, identity): (side,
    identity), with the side "" for a query of an unknown one.
    """
    own = gallery["image"].map(side)
    found = set(zip(own, gallery["identity"], strict=True))
    unsure = set(gallery.loc[own.isna(), "identity"])
    found = {(one, identity) for one, identity in found if isinstance(one, str)}
    found |= {("", identity) for identity in gallery["identity"]}
    return found | {(one, identity) for one in set(side.values()) for identity in unsure}


def parted(
    queries: pd.Series, shown: pd.Series, side: dict[str, str]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Who is compared with whom, side by side: which queries (q, bool) and which photographs of the
    gallery (g, bool). Every query is in one of the parts.
    """
    asked, own = queries.map(side).to_numpy(dtype=object), shown.map(side).to_numpy(dtype=object)
    unknown = pd.isna(asked)
    if unknown.any():
        yield unknown, np.ones(len(shown), bool)
    for one in sorted(set(asked[~unknown])):
        yield asked == one, pd.isna(own) | (own == one)
