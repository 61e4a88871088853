"""N-way K-shot accuracy of a member's embeddings, as the few-shot literature asks for it.

A task is N individuals with K gallery photographs each, and one photograph of each to be named that
the member never trained on. The nearest mean vector names it. The member did train on the gallery's
photographs: this asks what its space is worth among a few individuals, not what it makes of unknown
ones.
"""

import numpy as np
import pandas as pd

from pipeline.gallery import KNOWN, Embeddings

TASKS = {f"way{ways}_shot{shots}": (ways, shots) for ways in (5, 20) for shots in (1, 5)}
EPISODES = 600


def accuracies(
    embeddings: Embeddings, gallery: pd.DataFrame, queries: pd.DataFrame, seed: int
) -> dict[str, float | None]:
    """The mean share of right names over EPISODES tasks, by the name of each of TASKS.

    None where fewer individuals than ways have a held-out query and as many gallery photographs as
    shots. `gallery` and `queries` are the member's rows (`pipeline.gallery`).
    """
    known = queries[queries["kind"] == KNOWN]
    fresh = vectors_of(embeddings, known["image"], known["truth"])
    shown = vectors_of(embeddings, gallery["image"], gallery["identity"])
    told = {}
    for name, (ways, shots) in TASKS.items():
        rng = np.random.default_rng([seed, ways, shots])
        able = [one for one in sorted(fresh) if len(shown[one]) >= shots]
        enough = len(able) >= ways
        told[name] = (
            float(np.mean([share(fresh, shown, able, ways, shots, rng) for _ in range(EPISODES)]))
            if enough
            else None
        )
    return told


def vectors_of(
    embeddings: Embeddings, images: pd.Series, identity: pd.Series
) -> dict[str, np.ndarray]:
    """Each identity's vectors."""
    vectors = embeddings.of(images)
    rows = pd.Series(np.arange(len(images)), dtype=int).groupby(identity.to_numpy()).indices
    return {name: vectors[at] for name, at in rows.items()}


def share(
    fresh: dict[str, np.ndarray],
    shown: dict[str, np.ndarray],
    able: list[str],
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
