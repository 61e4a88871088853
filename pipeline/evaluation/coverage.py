"""What held-out queries can measure: a score of a kind needs queries of that kind.

MAP@5 is the mean over known and new individuals, weighted to the prior. If all held-out queries are
known, their mean says nothing about new ones, however high it is; and one individual, however many
photographs it has, is no sample of individuals.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN

MIN_INDIVIDUALS = 2  # an interval over individuals needs as many
EXPLANATIONS = (
    "no held-out photograph shows a {} individual",
    "the held-out photographs show a single {} individual",
)


@dataclass(frozen=True)
class Coverage:
    """How many known and new individuals the held-out queries show."""

    known: int
    new: int

    @property
    def has_known(self) -> bool:
        """Whether scores of known individuals are measured."""
        return self.known >= MIN_INDIVIDUALS

    @property
    def has_new(self) -> bool:
        """Whether scores of new individuals are measured."""
        return self.new >= MIN_INDIVIDUALS

    @property
    def is_complete(self) -> bool:
        """Whether scores over both kinds, such as MAP@5, are measured."""
        return self.has_known and self.has_new

    def name_kinds(self) -> str:
        """The kinds that are measured: both, known or new; raises ValueError if none is."""
        if not self.has_known and not self.has_new:
            raise ValueError(
                f"the queries show {self.known} known and {self.new} new individuals: a score "
                f"needs {MIN_INDIVIDUALS} of a kind"
            )
        return "both" if self.is_complete else "known" if self.has_known else "new"

    def explain(self) -> str:
        """One sentence on what is not measured and why; "" if everything is."""
        if self.is_complete:
            return ""
        missing = [
            EXPLANATIONS[count].format(kind)
            for kind, count in (("known", self.known), ("new", self.new))
            if count < MIN_INDIVIDUALS
        ]
        return (
            f"{' and '.join(missing)}: MAP@5 and probabilities, which are about known and new "
            "individuals, are not measured, and evaluation.new_whale_prior alone places new_whale"
        )


def count_individuals(queries: pd.DataFrame) -> Coverage:
    """The coverage of held-out queries (columns kind, cluster)."""
    known = queries["kind"] == KNOWN
    clusters = queries["cluster"]
    return Coverage(clusters[known].nunique(), clusters[~known].nunique())


def weigh_both_kinds(rankings: pd.DataFrame) -> np.ndarray:
    """The weights of a table "rankings" for scores over both kinds; all 0 unless both are measured.

    A mean with such weights is NaN (`metrics.mean`).
    """
    return rankings["weight"].to_numpy() * count_individuals(rankings).is_complete
