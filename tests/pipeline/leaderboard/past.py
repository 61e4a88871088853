"""Histories of submissions for tests."""

import pandas as pd

from pipeline.leaderboard import history


def build_past(*rows: dict) -> pd.DataFrame:
    """A history of these rows, as `history.read` gives it; what they leave out is unknown."""
    past = pd.DataFrame([dict.fromkeys(history.COLUMNS, "") | row for row in rows])
    return past.reindex(columns=history.COLUMNS)
