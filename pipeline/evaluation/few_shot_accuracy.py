"""N-way K-shot accuracy of a member's embeddings, as in the few-shot literature.

An episode has N individuals with K gallery photographs each, and one photograph of each to be named
that the member never trained on. The nearest prototype names it. The member did train on the
gallery's photographs: this measures its embedding space among a few individuals, not its answers
about unknown ones.
"""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN, Embeddings
from pipeline.evaluation.confidence import half_width

TASKS = {f"way{ways}_shot{shots}": (ways, shots) for ways in (5, 20) for shots in (1, 5)}
EPISODES = 600

Vectors = dict[Any, np.ndarray]  # n x d by identity, a name or a label


def compute_accuracies(
    embeddings: Embeddings, gallery: pd.DataFrame, queries: pd.DataFrame, seed: int
) -> dict[str, float]:
    """The mean accuracy over EPISODES episodes, by the name of each of TASKS.

    <name>_half_width is half of its 95 % interval over episodes: other samples of the same
    individuals. Both are NaN if fewer individuals than N have a held-out query and K gallery
    photographs. `gallery` and `queries` are the member's rows (`pipeline.data.gallery`).
    """
    known = queries[queries["kind"] == KNOWN]
    query_vectors = group_by_identity(embeddings.of(known["image"]), known["truth"].to_numpy())
    gallery_vectors = group_by_identity(
        embeddings.of(gallery["image"]), gallery["identity"].to_numpy()
    )
    scores: dict[str, float] = {}
    for name, (n_way, k_shot) in TASKS.items():
        accuracies = episode_accuracies(query_vectors, gallery_vectors, n_way, k_shot, seed)
        scores |= {name: float(accuracies.mean()), f"{name}_half_width": half_width(accuracies)}
    return scores


def group_by_identity(vectors: np.ndarray, identity: np.ndarray) -> Vectors:
    """The rows of `vectors` (n x d) by the identity of each (n)."""
    rows = pd.Series(np.arange(len(vectors)), dtype=int).groupby(identity).indices
    return {name: vectors[at] for name, at in rows.items()}


def episode_accuracies(
    queries: Vectors, gallery: Vectors, n_way: int, k_shot: int, seed: int
) -> np.ndarray:
    """The accuracy of each of EPISODES episodes; NaN if there are too few individuals.

    queries, gallery : held-out and gallery embeddings by identity
    """
    rng = np.random.default_rng([seed, n_way, k_shot])
    identities = [name for name in sorted(queries) if len(gallery.get(name, ())) >= k_shot]
    if len(identities) < n_way:
        return np.full(EPISODES, np.nan)
    episodes = (
        episode_accuracy(queries, gallery, identities, (n_way, k_shot), rng)
        for _ in range(EPISODES)
    )
    return np.array(list(episodes))


def episode_accuracy(
    queries: Vectors,
    gallery: Vectors,
    identities: list,
    task: tuple[int, int],
    rng: np.random.Generator,
) -> float:
    """Accuracy of the nearest prototype in one sampled episode; `task` is (N, K)."""
    n_way, k_shot = task
    classes = [identities[at] for at in rng.choice(len(identities), n_way, replace=False)]
    query = np.stack([rng.choice(queries[name]) for name in classes])
    prototypes = np.stack(
        [rng.choice(gallery[name], k_shot, replace=False).mean(axis=0) for name in classes]
    )
    prototypes /= np.linalg.norm(prototypes, axis=1, keepdims=True)
    return float(np.mean((query @ prototypes.T).argmax(axis=1) == np.arange(n_way)))
