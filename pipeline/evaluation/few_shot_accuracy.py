"""N-way K-shot accuracy of a member's embeddings, as the few-shot literature asks for it.

A task is N individuals with K gallery photographs each, and one photograph of each to be named that
the member never trained on. The nearest mean vector names it. The member did train on the gallery's
photographs: this asks what its space is worth among a few individuals, not what it makes of unknown
ones.
"""

from collections.abc import Hashable

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN, Embeddings
from pipeline.evaluation.confidence import margin

TASKS = {f"way{ways}_shot{shots}": (ways, shots) for ways in (5, 20) for shots in (1, 5)}
EPISODES = 600


def accuracies(
    embeddings: Embeddings, gallery: pd.DataFrame, queries: pd.DataFrame, seed: int
) -> dict[str, float]:
    """The mean share of right names over EPISODES tasks, by the name of each of TASKS, and as
    <name>_half_width half of its 95 % interval over tasks: other draws of the same individuals.

    NaN where fewer individuals than ways have a held-out query and as many gallery photographs as
    shots. `gallery` and `queries` are the member's rows (`pipeline.data.gallery`).
    """
    known = queries[queries["kind"] == KNOWN]
    fresh = by_identity(embeddings.of(known["image"]), known["truth"].to_numpy())
    shown = by_identity(embeddings.of(gallery["image"]), gallery["identity"].to_numpy())
    told: dict[str, float] = {}
    for name, task in TASKS.items():
        each = shares(fresh, shown, *task, seed)
        told |= {name: float(each.mean()), f"{name}_half_width": margin(each)}
    return told


def by_identity(vectors: np.ndarray, identity: np.ndarray) -> dict[Hashable, np.ndarray]:
    """Each identity's vectors, of n x d."""
    rows = pd.Series(np.arange(len(vectors)), dtype=int).groupby(identity).indices
    return {name: vectors[at] for name, at in rows.items()}


def shares(
    fresh: dict[Hashable, np.ndarray],
    shown: dict[Hashable, np.ndarray],
    ways: int,
    shots: int,
    seed: int,
) -> np.ndarray:
    """The share of right names in each of EPISODES tasks; NaN where individuals are too few.

    fresh, shown : each individual's vectors: those that are asked, those that stand for it
    """
    rng = np.random.default_rng([seed, ways, shots])
    able = [one for one in sorted(fresh) if len(shown.get(one, ())) >= shots]
    if len(able) < ways:
        return np.full(EPISODES, np.nan)
    return np.array([share(fresh, shown, able, ways, shots, rng) for _ in range(EPISODES)])


def share(
    fresh: dict[Hashable, np.ndarray],
    shown: dict[Hashable, np.ndarray],
    able: list[Hashable],
    ways: int,
    shots: int,
    rng: np.random.Generator,
) -> float:
    """The share of right names in one drawn task."""
    chosen = [able[at] for at in rng.choice(len(able), ways, replace=False)]
    asked = np.stack([rng.choice(fresh[one]) for one in chosen])
    means = np.stack([rng.choice(shown[one], shots, replace=False).mean(axis=0) for one in chosen])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return float(np.mean((asked @ means.T).argmax(axis=1) == np.arange(ways)))
