"""Episodes for Reptile: every class has a photograph that the member never trained on.

Embeddings of training photographs collapse, so a task of training photographs alone would be
trivial. Here each of a task's identities has a held-out photograph, besides gallery photographs.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pipeline.fewshot.tasks import Episodes, build_support


@dataclass(frozen=True)
class Pool:
    """n identities with at most m photographs each, as rows of a common array of vectors.

    rows: n x m, -1 for padding; held_out: n x m, True for held-out photographs
    """

    rows: np.ndarray
    held_out: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def build_pool(
    held_out: np.ndarray, held_out_labels: np.ndarray, gallery: np.ndarray, labels: np.ndarray
) -> Pool:
    """The identities with a held-out photograph; both sets are rows with their labels."""
    names = np.unique(held_out_labels)
    first = [held_out[held_out_labels == name] for name in names]
    others = [gallery[labels == name] for name in names]
    longest = max((len(a) + len(b) for a, b in zip(first, others, strict=True)), default=0)
    rows = np.full((len(first), longest), -1)
    for row, a, b in zip(rows, first, others, strict=True):
        row[: len(a) + len(b)] = np.concatenate([a, b])
    count = np.array([len(a) for a in first], dtype=int)
    return Pool(rows, np.arange(longest) < count[:, None])


def sample_episodes(
    pools: list[Pool],
    tasks: int,
    size: tuple[int, int],
    vectors: Tensor,
    rngs: list[np.random.Generator],
) -> Episodes:
    """`tasks` tasks per pool, pool by pool; `size` is (ways, shots). All query sets are empty.

    A pool with fewer identities than ways gives smaller tasks: the missing classes are padding.
    An identity with fewer photographs than shots is padded too. There is one generator per pool,
    so that no pool's samples depend on the other pools.
    """
    rows = np.full((len(pools), tasks, *size), -1)
    for target, pool, rng in zip(rows, pools, rngs, strict=True):
        sampled = sample_rows(pool, tasks, size, rng)
        target[:, : sampled.shape[1], : sampled.shape[2]] = sampled
    support = build_support(vectors, rows.reshape(-1, *size))
    return Episodes(
        support,
        support.inputs[:, :0],
        support.labels[:, :0],
        torch.arange(size[0]).expand(len(support.labels), -1),
    )


def sample_rows(
    pool: Pool, tasks: int, size: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """The rows of each task: at most `ways` identities, each with at most `shots` photographs.

    An identity's first photograph is a held-out one; the others are sampled from all it has.
    """
    ways, shots = size
    chosen = rng.random((tasks, len(pool))).argsort(axis=1)[:, :ways]
    rows, held_out = pool.rows[chosen], pool.held_out[chosen]
    key = np.where(rows < 0, 2.0, rng.random(rows.shape))
    lead = np.where(held_out, key, 2.0).argmin(axis=2)[..., None]
    np.put_along_axis(key, lead, -1.0, axis=2)
    return np.take_along_axis(rows, key.argsort(axis=2)[..., :shots], axis=2)
