"""External memory of slots that heads write to and read from (Santoro et al. 2016)."""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

# The key strength of Graves et al. 2014 (arXiv:1410.5401), which the publication leaves out: at 1 a
# matching slot weighs only e times as much as an orthogonal one, and is lost among a hundred slots
STRENGTH = 10.0


class State(NamedTuple):
    """The state after a part of b sequences.

    memory: b x slots x width; read (b x heads x slots) and usage (b x slots): weights;
    hidden, cell: the controller's two states, b x hidden
    """

    memory: Tensor
    read: Tensor
    usage: Tensor
    hidden: Tensor
    cell: Tensor


def empty_state(like: Tensor, slots: int, width: int, heads: int, hidden: int) -> State:
    """The state before the first input; `like` is b x ...."""
    count = len(like)
    return State(
        like.new_full((count, slots, width), 1e-6),
        like.new_zeros(count, heads, slots),
        like.new_zeros(count, slots),
        like.new_zeros(count, hidden),
        like.new_zeros(count, hidden),
    )


def write(
    memory: Tensor, read: Tensor, usage: Tensor, keys: Tensor, gate: Tensor
) -> tuple[Tensor, Tensor]:
    """Least recently used access: the new memory, and the write weights, b x heads x slots.

    Each head writes its key (b x heads x width) with the weight of its gate (b x heads) to the
    slots that it last read from, and with the rest to one of the least used slots, a different
    one per head. The least used slot of all is erased first, as published; the other heads' are
    not.
    """
    heads = keys.shape[1]
    least_used = usage.argsort(dim=1, stable=True)[:, :heads]
    free = F.one_hot(least_used, memory.shape[1]).to(memory.dtype)
    written = gate[..., None] * read + (1 - gate[..., None]) * free
    erased = 1 - free[:, :1].transpose(1, 2)
    return memory * erased + written.transpose(1, 2) @ keys, written


def read(memory: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
    """Read weights, b x heads x slots, and the vectors that are read, b x heads x width."""
    similarity = F.normalize(keys, dim=-1) @ F.normalize(memory, dim=-1).transpose(1, 2)
    weights = (STRENGTH * similarity).softmax(dim=-1)
    return weights, weights @ memory
