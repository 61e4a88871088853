"""Few-shot tasks: N classes (ways) with K examples each (shots), and queries to classify."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


class Support(NamedTuple):
    """The support sets of t tasks.

    inputs: t x n x ...; labels: t x n (0 .. ways - 1); weights: t x n (0 for padding)
    """

    inputs: Tensor
    labels: Tensor
    weights: Tensor

    def encode(self, encoder: Callable[[Tensor], Tensor]) -> Tensor:
        """The output of `encoder` for each example, t x n x ...; 0 for padding."""
        return encode_present(encoder, self.inputs, self.weights > 0)


class Episodes(NamedTuple):
    """t tasks with their query sets, for training or for evaluation.

    queries: t x q x ...; truth: t x q (0 .. ways - 1); classes: t x ways, the number of each way's
    class among all classes that episodes are sampled from
    """

    support: Support
    queries: Tensor
    truth: Tensor
    classes: Tensor

    @property
    def ways(self) -> int:
        return self.classes.shape[1]


def build_support(vectors: Tensor, rows: np.ndarray) -> Support:
    """The support sets of t x ways x shots rows of `vectors` (-1 for padding).

    The weights of a way's examples sum to 1.
    """
    present = rows >= 0
    weights = present / np.maximum(present.sum(axis=2, keepdims=True), 1)
    labels = np.broadcast_to(np.arange(rows.shape[1])[:, None], rows.shape)
    flat = (len(rows), -1)
    return Support(
        vectors[torch.from_numpy(rows.reshape(flat))],
        torch.from_numpy(labels.reshape(flat).copy()),
        torch.from_numpy(weights.reshape(flat).astype(np.float32)),
    )


def merge_sets(episodes: Episodes) -> Support:
    """The support set and the query set of each task as one set."""
    support = episodes.support
    return Support(
        torch.cat([support.inputs, episodes.queries], dim=1),
        torch.cat([support.labels, episodes.truth], dim=1),
        torch.cat([support.weights, torch.ones_like(episodes.truth, dtype=torch.float)], dim=1),
    )


def encode_present(encoder: Callable[[Tensor], Tensor], inputs: Tensor, present: Tensor) -> Tensor:
    """The output of `encoder` (m x ... to m x ...) for inputs that are not padding, 0 for padding.

    present: True for inputs, False for padding; its axes are the leading ones of `inputs`
    The encoder never receives padding: in training, batch norm averages over its whole input.
    """
    if present.all():
        return encoder(inputs.flatten(0, present.ndim - 1)).unflatten(0, present.shape)
    outputs = encoder(inputs[present])
    return outputs.new_zeros(*present.shape, *outputs.shape[1:]).index_put((present,), outputs)


def class_membership(support: Support, ways: int) -> Tensor:
    """One-hot labels of the examples, t x n x ways; zeros for padding."""
    one_hot = F.one_hot(support.labels, ways).to(support.weights.dtype)
    return one_hot * (support.weights > 0)[..., None]


def present_classes(support: Support, ways: int) -> Tensor:
    """Whether each class has an example, t x ways."""
    return class_membership(support, ways).sum(dim=1) > 0


def class_means(vectors: Tensor, support: Support, ways: int) -> Tensor:
    """The mean vector of each class, t x ways x d, of t x n x d; zeros for a class without example.

    These are the prototypes of the few-shot literature.
    """
    membership = class_membership(support, ways)
    fractions = membership / membership.sum(dim=1, keepdim=True).clamp(min=1)
    return fractions.transpose(1, 2) @ vectors


def mask_absent_classes(scores: Tensor, support: Support, ways: int) -> Tensor:
    """t x q x ways scores with -inf for classes without an example."""
    return scores.masked_fill(~present_classes(support, ways)[:, None], -torch.inf)


def best_per_class(scores: Tensor, support: Support, ways: int) -> Tensor:
    """The best example's score of each class: t x q x n to t x q x ways.

    -inf for a class without an example.
    """
    membership = class_membership(support, ways) > 0
    choices = scores[..., None].masked_fill(~membership[:, None], -torch.inf)
    return choices.amax(dim=2)
