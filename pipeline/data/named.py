"""Photographs that the competition gives no label, and reviewers gave a name.

They are labelled photographs of their individual, in the gallery and in the training set of all
members, and stay queries of the test, which are answered by that name. They are never held out:
they were found by the evidence that held-out queries measure, and would flatter it.
"""

import pandas as pd

NAMED = "named"  # their provenance in the table "labels"


def is_named(labels: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each row of the table "labels" is such a photograph."""
    return labels["provenance"] == NAMED
