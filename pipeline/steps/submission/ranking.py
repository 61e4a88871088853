"""From posteriors to label lists, balanced among the queries of one member or of the test."""

import pandas as pd

from pipeline.data.tables import NEW_WHALE
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
    if settings.new_whale.method == "never":
        posteriors = posteriors[posteriors["identity"] != NEW_WHALE]
    rankings = rank_labels(posteriors, order_labels(vocabulary, settings))
    gap, capacity = settings.submission.gap, settings.submission.capacity
    if gap:
        rankings = balance.swap_close_calls(rankings, posteriors, gap)
    if capacity:
        rankings = balance.assign_first_places(rankings, posteriors, capacity)
    return rankings


def order_labels(vocabulary: list[str], settings: Settings) -> list[str]:
    """The vocabulary, likeliest first; new_whale is the last one if it is never placed."""
    new, *known = vocabulary
    return [*known, new] if settings.new_whale.method == "never" else vocabulary
