"""From posteriors to label lists, balanced among the queries of one member or of the test."""

import pandas as pd

from pipeline.steps.submission import balance
from pipeline.steps.submission.place import rank_labels
from pipeline.steps.submission.queries import Queries, Settings


def rank_held_out(posteriors: pd.DataFrame, queries: Queries, settings: Settings) -> pd.Series:
    """Label lists of the held-out queries by image, those of one fold together."""
    by_fold = [
        rank_together(posteriors[posteriors["query"].isin(images)], queries.vocabulary, settings)
        for _, images in queries.truth.groupby("fold")["image"]
    ]
    return pd.concat(by_fold)


def rank_together(posteriors: pd.DataFrame, vocabulary: list[str], settings: Settings) -> pd.Series:
    """Rankings of one member's held-out queries, or of the test, balanced among themselves.

    posteriors : columns query, identity, posterior
    vocabulary : new_whale, then the known identities, likeliest first
    """
    new, *known = vocabulary
    filler = vocabulary
    if settings.new_whale.method == "never":
        posteriors = posteriors[posteriors["identity"] != new]
        filler = [*known, new]
    rankings = rank_labels(posteriors, filler)
    gap, capacity = settings.submission.gap, settings.submission.capacity
    if gap:
        rankings = balance.swap_close_calls(rankings, posteriors, gap)
    if capacity:
        rankings = balance.assign_first_places(rankings, posteriors, capacity)
    return rankings
