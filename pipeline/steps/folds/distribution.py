"""Distribute photographs over folds, or over the parts of a fold."""

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE


def distribute(
    identities: pd.Series, count: int, seed: int | list[int], whole: frozenset[str] = frozenset()
) -> np.ndarray:
    """Assign each photograph (n identities) to a set: each identity's go to the emptiest sets.

    Repeated identities, single ones, new_whale and the `whole` ones, which stay together, are
    counted separately, so that every set gets the same fraction of each, and as many whole ones.
    """
    rng = np.random.default_rng(seed)
    sets = np.empty(len(identities), dtype=int)
    sizes = {kind: np.zeros(count) for kind in ("repeated", "single", NEW_WHALE, "whole")}
    whole_identities = np.zeros(count)
    # not `get_group`, which does not find the group of a single row
    rows_of = pd.Series(np.arange(len(identities))).groupby(identities.to_numpy()).indices
    names = sorted(set(identities))
    for name in (names[i] for i in rng.permutation(len(names))):
        rows = rng.permutation(rows_of[name])
        kind = "whole" if name in whole else find_kind(name, len(rows))
        for batch in [rows] if name in whole else np.split(rows, range(count, len(rows), count)):
            total = np.sum(list(sizes.values()), axis=0)
            order = np.lexsort((rng.random(count), total, sizes[kind]))
            emptiest = order[: len(batch)]
            if name in whole:  # numbers of identities before those of photographs
                emptiest = order[np.argsort(whole_identities[order], kind="stable")][:1]
                whole_identities[emptiest] += 1
            sets[batch] = emptiest
            np.add.at(sizes[kind], np.broadcast_to(emptiest, len(batch)), 1)
    return sets


def find_kind(identity: str, photographs: int) -> str:
    """The kind of an identity: new_whale, repeated or single."""
    if identity == NEW_WHALE:
        return NEW_WHALE
    return "repeated" if photographs > 1 else "single"
