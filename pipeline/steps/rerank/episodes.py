"""Few-shot tasks for meta-training: every one holds photographs that the member never trained on.

A network collapses what it trained on, so a task made of training photographs alone would be
trivial. Here each of a task's identities brings a held-out photograph, completed by gallery ones.
"""

from dataclasses import dataclass

import numpy as np
import torch

from pipeline.fewshot.tasks import Support


@dataclass(frozen=True)
class Pool:
    """n identities with at most m photographs each, as rows of a common array of vectors.

    rows: n x m, -1 for padding; fresh: n x m, True for held-out photographs
    """

    rows: np.ndarray
    fresh: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def pool(
    fresh: np.ndarray, fresh_labels: np.ndarray, trained: np.ndarray, labels: np.ndarray
) -> Pool:
    """Identities with a fresh row; `fresh` and `trained` are rows, their labels beside them."""
    first = [fresh[fresh_labels == label] for label in np.unique(fresh_labels)]
    others = [trained[labels == label] for label in np.unique(fresh_labels)]
    longest = max((len(a) + len(b) for a, b in zip(first, others, strict=True)), default=0)
    rows = np.full((len(first), longest), -1)
    for row, a, b in zip(rows, first, others, strict=True):
        row[: len(a) + len(b)] = np.concatenate([a, b])
    count = np.array([len(a) for a in first], dtype=int)
    return Pool(rows, np.arange(longest) < count[:, None])


def sample(
    pools: list[Pool],
    each: int,
    ways: int,
    shots: int,
    vectors: np.ndarray,
    rngs: list[np.random.Generator],
) -> Support:
    """`each` tasks for every pool, `ways` identities with `shots` photographs.

    A pool with fewer identities than `ways` makes smaller tasks: the missing classes are padding.
    An identity with fewer photographs than `shots` is padded too. `rngs` are one a pool, so that no
    pool's draws depend on what the others hold.
    """
    rows = np.full((len(pools), each, ways, shots), -1)
    for own, source, rng in zip(rows, pools, rngs, strict=True):
        shown = drawn(source, each, ways, shots, rng)
        own[:, : shown.shape[1], : shown.shape[2]] = shown
    return support_task(torch.from_numpy(vectors), rows.reshape(-1, ways, shots))


def drawn(source: Pool, each: int, ways: int, shots: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of `each` tasks: at most `ways` identities, each with at most `shots` photographs.

    An identity's first photograph is a fresh one; the others are drawn from all it has.
    """
    chosen = rng.random((each, len(source))).argsort(axis=1)[:, :ways]
    rows, fresh = source.rows[chosen], source.fresh[chosen]
    turn = np.where(rows < 0, 2.0, rng.random(rows.shape))
    lead = np.where(fresh, turn, 2.0).argmin(axis=2)[..., None]
    np.put_along_axis(turn, lead, -1.0, axis=2)
    return np.take_along_axis(rows, turn.argsort(axis=2)[..., :shots], axis=2)


def support_task(vectors: torch.Tensor, rows: np.ndarray) -> Support:
    """t x ways x shots rows of `vectors` (-1 for padding) as t tasks; a way's weights sum to 1."""
    present = rows >= 0
    weights = present / np.maximum(present.sum(axis=2, keepdims=True), 1)
    labels = np.broadcast_to(np.arange(rows.shape[1])[:, None], rows.shape)
    flat = (len(rows), -1)
    return Support(
        vectors[torch.from_numpy(rows.reshape(flat))],
        torch.from_numpy(labels.reshape(flat).copy()),
        torch.from_numpy(weights.reshape(flat).astype(np.float32)),
    )
