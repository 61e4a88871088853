"""Few-shot tasks: N classes (ways) with K examples each (shots), and queries to be told apart."""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Support(NamedTuple):
    """t tasks: inputs t x n x ..., labels t x n (0 .. ways - 1), weights t x n (0 for padding)."""

    inputs: Tensor
    labels: Tensor
    weights: Tensor

    def encoded(self, encode: Callable[[Tensor], Tensor]) -> Tensor:
        """What `encode` makes of each example, t x n x ...."""
        return of_real(encode, self.inputs, self.weights > 0)


class Episodes(NamedTuple):
    """t tasks with their queries, for learning from or for scoring.

    queries: t x q x ...; truth: t x q (0 .. ways - 1); classes: t x ways, each way's number among
    all the classes that episodes are drawn from
    """

    support: Support
    queries: Tensor
    truth: Tensor
    classes: Tensor

    @property
    def ways(self) -> int:
        return self.classes.shape[1]


def whole(episodes: Episodes) -> Support:
    """Supports and queries of each task as one set."""
    support = episodes.support
    return Support(
        torch.cat([support.inputs, episodes.queries], dim=1),
        torch.cat([support.labels, episodes.truth], dim=1),
        torch.cat([support.weights, torch.ones_like(episodes.truth, dtype=torch.float)], dim=1),
    )


def of_real(encode: Callable[[Tensor], Tensor], inputs: Tensor, real: Tensor) -> Tensor:
    """What `encode` (m x ... to m x ...) makes of inputs whose leading axes are those of `real`.

    It is not shown what is padding, where `real` is False and the result 0: in training, batch norm
    takes its means of all that it is shown.
    """
    if real.all():
        return encode(inputs.flatten(0, real.ndim - 1)).unflatten(0, real.shape)
    told = encode(inputs[real])
    return told.new_zeros(*real.shape, *told.shape[1:]).index_put((real,), told)


def membership(support: Support, ways: int) -> Tensor:
    """t x n x ways: which class each example stands for; padding stands for none."""
    chosen = F.one_hot(support.labels, ways).to(support.weights.dtype)
    return chosen * (support.weights > 0)[..., None]


def present(support: Support, ways: int) -> Tensor:
    """t x ways: whether the class has an example."""
    return membership(support, ways).sum(dim=1) > 0


def class_means(vectors: Tensor, support: Support, ways: int) -> Tensor:
    """Each class's mean vector, t x ways x d, of t x n x d; zeros for a class with no example."""
    member = membership(support, ways)
    share = member / member.sum(dim=1, keepdim=True).clamp(min=1)
    return share.transpose(1, 2) @ vectors


def without_absent(scores: Tensor, support: Support, ways: int) -> Tensor:
    """t x q x ways scores with -inf for the classes that no example stands for."""
    return scores.masked_fill(~present(support, ways)[:, None], -torch.inf)


def class_best(each: Tensor, support: Support, ways: int) -> Tensor:
    """A class's score is its best example's: t x q x n to t x q x ways, -inf where it has none."""
    member = membership(support, ways) > 0
    choices = each[..., None].masked_fill(~member[:, None], -torch.inf)
    return choices.amax(dim=2)
