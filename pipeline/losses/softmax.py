"""Softmax over the known identities.

Labels are 0 .. identities - 1, or -1 for new_whale. A new_whale has no class: its cross-entropy
against the uniform distribution counts with `unknown_weight` (Dhamija et al. 2018, "Reducing
network agnostophobia", arXiv:1811.04110). For doubtful labels, `symmetric` is the weight of the
reverse cross-entropy beside the usual one: it is bounded, so that a wrong label can't pull for ever
(Wang et al. 2019, arXiv:1908.06112).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.losses.identities import Identities

MINUS_LOG_ZERO = 4.0  # in the reverse cross-entropy, as in the paper


class Softmax(nn.Module):
    """A linear layer and cross-entropy; `smoothing` is the fraction of a label spread over all."""

    def __init__(
        self,
        dim: int,
        identities: Identities,
        *,
        smoothing: float,
        unknown_weight: float,
        symmetric: float,
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, len(identities))
        self.identities, self.smoothing = identities, smoothing
        self.unknown_weight, self.symmetric = unknown_weight, symmetric

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        logits = self.linear(embeddings)
        known = labels >= 0
        loss = cross_entropy(
            logits[known], labels[known], self.identities, self.symmetric, self.smoothing
        )
        return loss + self.unknown_weight * uniform_cross_entropy(logits[~known])


def cross_entropy(
    logits: Tensor,
    labels: Tensor,
    identities: Identities,
    symmetric: float,
    smoothing: float = 0.0,
) -> Tensor:
    """Mean cross-entropy over images; 0 for none. An image's own mirror image may be left out."""
    if not len(labels):
        return logits.sum() * 0
    if identities.mirrors:
        mirror = F.one_hot(identities.mirror_labels(labels), len(identities)).bool()
        logits = logits.masked_fill(mirror, -torch.inf)
        losses = cross_entropy_without_mirror(logits, labels, mirror, smoothing)
    else:
        losses = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
    if symmetric:
        probability = logits.softmax(dim=1).gather(1, labels.unsqueeze(1)).squeeze(1)
        losses = losses + symmetric * MINUS_LOG_ZERO * (1 - probability)
    if identities.power:
        losses = losses * identities.image_weights(labels)
    return losses.mean()


def cross_entropy_without_mirror(
    logits: Tensor, labels: Tensor, mirror: Tensor, smoothing: float
) -> Tensor:
    """Each image's smoothed cross-entropy without its own mirror image, whose logit is -inf.

    mirror : n x identities, True for the mirror image
    """
    log_probabilities = logits.log_softmax(dim=1)
    right = -log_probabilities.gather(1, labels.unsqueeze(1)).squeeze(1)
    others = -log_probabilities.masked_fill(mirror, 0).sum(dim=1) / (mirror.shape[1] - 1)
    return (1 - smoothing) * right + smoothing * others


def uniform_cross_entropy(logits: Tensor) -> Tensor:
    """Cross-entropy against the uniform distribution, mean over images; 0 for none."""
    if not len(logits):
        return logits.sum() * 0
    return -logits.log_softmax(dim=1).mean()
