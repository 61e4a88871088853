"""What matching one query gives, by the numbers of photographs and identities."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.steps.match.pairs import VerifiedPair


@dataclass(frozen=True)
class Selection:
    """Photographs (by number) to verify; each stands for `weight` pairs of the query."""

    images: list[int]
    random: bool
    weight: float


@dataclass(frozen=True)
class QueryMatches:
    """What matching a query (by number) with its gallery gives.

    identities : the first candidates (by number)
    votes, support : theirs
    selections : the photographs that were verified
    pairs : by photograph (by number)
    """

    query: int
    identities: np.ndarray
    votes: np.ndarray
    support: np.ndarray
    selections: list[Selection]
    pairs: Mapping[int, VerifiedPair]

    def verified(self) -> Iterable[tuple[int, VerifiedPair, Selection]]:
        """The verified photographs, one after another."""
        for selection in self.selections:
            for image in selection.images:
                yield image, self.pairs[image], selection
