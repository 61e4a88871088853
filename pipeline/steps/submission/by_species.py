"""new_whale is placed for each species with enough individuals by itself, for the others together.

A format that is scored species by species needs a place per species: how alike two individuals look
differs between lynxes and turtles. `map5` is scored over all photographs, and is placed so.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.evaluation.coverage import count_individuals
from pipeline.steps.submission.place import (
    Apply,
    compute_posteriors,
    place_held_out,
    place_test,
)
from pipeline.steps.submission.queries import ANY, Queries, Settings

ENOUGH = 10  # known and new individuals each


def list_own(truth: pd.DataFrame, settings: Settings) -> set[str]:
    """The species with enough held-out queries (columns kind, cluster, species)."""
    if settings.submission.format in ("map5", "photographs"):
        return set()
    counts = {str(name): count_individuals(rows) for name, rows in truth.groupby("species")}
    return {
        name
        for name, count in counts.items()
        if name != ANY and min(count.known, count.new) >= ENOUGH
    }


def place_all(
    queries: Queries,
    settings: Settings,
    species: Mapping[str, str],
    apply: Apply = compute_posteriors,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Posteriors of the held-out and of the test queries.

    species : of the images whose species is known
    apply : what is made, instead of posteriors, of candidate rows and the shift of new_whale
    """
    own = list_own(queries.truth, settings)
    held_out, test = (
        _name_fits(rows["query"], species, own) for rows in (queries.held_out, queries.test)
    )
    placed, placed_test = [], []
    for name in [ANY, *sorted(own)]:
        truth = queries.truth
        truth = truth if name == ANY else truth[truth["species"] == name]
        rows = queries.held_out[queries.held_out["query"].isin(truth["image"])]
        posteriors = place_held_out(rows, truth, settings.placing, settings.evaluation, apply)
        scored = queries.held_out.loc[held_out == name, "query"]
        placed.append(posteriors[posteriors["query"].isin(scored)])
        prior = settings.evaluation.new_whale_prior
        mine = queries.test[test == name]
        placed_test.append(place_test(mine, rows, truth, settings.placing, prior, apply))
    return pd.concat(placed, ignore_index=True), pd.concat(placed_test, ignore_index=True)


def _name_fits(images: pd.Series, species: Mapping[str, str], own: set[str]) -> np.ndarray:
    """By whose queries new_whale is placed for each of n images: its own species', or ANY."""
    codes, names = pd.factorize(images)
    found = [species.get(name, ANY) for name in names]
    return np.array([name if name in own else ANY for name in found], dtype=object)[codes]
