"""Softmax over the known identities.

Labels are 0 .. identities - 1, or -1 for new_whale. A new_whale has no class: its cross-entropy
against the uniform distribution counts with `unknown_weight` (Dhamija et al. 2018, "Reducing
network agnostophobia", arXiv:1811.04110). For doubtful labels, `symmetric` is the weight of the
reverse cross-entropy beside the usual one: it is bounded, so that a wrong label can't pull for ever
(Wang et al. 2019, arXiv:1908.06112). With `sampled` below 1, a step compares its images with that
fraction of the identities: with those of the batch, and with others at random (partial FC: An et
al. 2022, arXiv:2203.15565).
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
        sampled: float,
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, len(identities))
        self.identities, self.smoothing, self.sampled = identities, smoothing, sampled
        self.unknown_weight, self.symmetric = unknown_weight, symmetric

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        logits = self.linear(embeddings)
        known = labels >= 0
        left_out = leave_out_identities(labels[known], len(self.identities), self.sampled)
        loss = cross_entropy(
            logits[known], labels[known], self.identities, self.symmetric, self.smoothing, left_out
        )
        return loss + self.unknown_weight * uniform_cross_entropy(logits[~known], left_out)


def leave_out_identities(labels: Tensor, count: int, sampled: float) -> Tensor | None:
    """Draw the identities that a step leaves out: True for these, `count` numbers; None for none.

    labels : of known identities, none of which is left out, be they more than `sampled` x `count`
    """
    if sampled == 1:
        return None
    keys = torch.rand(count, device=labels.device)
    keys[labels] = 1  # above all that are drawn
    return keys < keys.topk(max(1, round(sampled * count))).values[-1]


def cross_entropy(  # noqa: PLR0913 - the losses' values, and what this step leaves out
    logits: Tensor,
    labels: Tensor,
    identities: Identities,
    symmetric: float,
    smoothing: float = 0.0,
    left_out: Tensor | None = None,
) -> Tensor:
    """Mean cross-entropy over images; 0 for none. An image's own mirror image may be left out.

    left_out : True for identities that no image is compared with, as `leave_out_identities` has it
    """
    if not len(labels):
        return logits.sum() * 0
    absent = mask_absent(labels, identities, left_out)
    if absent is not None:
        logits = logits.masked_fill(absent, -torch.inf)
        losses = cross_entropy_without(logits, labels, absent, smoothing)
    else:
        losses = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
    if symmetric:
        probability = logits.softmax(dim=1).gather(1, labels.unsqueeze(1)).squeeze(1)
        losses = losses + symmetric * MINUS_LOG_ZERO * (1 - probability)
    if identities.power:
        losses = losses * identities.image_weights(labels)
    return losses.mean()


def mask_absent(labels: Tensor, identities: Identities, left_out: Tensor | None) -> Tensor | None:
    """True for what an image is not compared with, n x identities; None if that is nothing."""
    absent = None if left_out is None else left_out.expand(len(labels), -1)
    if not identities.mirrors:
        return absent
    mirror = F.one_hot(identities.mirror_labels(labels), len(identities)).bool()
    return mirror if absent is None else mirror | absent


def cross_entropy_without(
    logits: Tensor, labels: Tensor, absent: Tensor, smoothing: float
) -> Tensor:
    """Each image's smoothed cross-entropy over the identities that are not `absent`.

    absent : n x identities, True where the logit is -inf; never an image's own identity
    """
    log_probabilities = logits.log_softmax(dim=1)
    right = -log_probabilities.gather(1, labels.unsqueeze(1)).squeeze(1)
    others = -log_probabilities.masked_fill(absent, 0).sum(dim=1) / (~absent).sum(dim=1)
    return (1 - smoothing) * right + smoothing * others


def uniform_cross_entropy(logits: Tensor, left_out: Tensor | None = None) -> Tensor:
    """Cross-entropy against the uniform distribution, mean over images; 0 for none."""
    if not len(logits):
        return logits.sum() * 0
    if left_out is not None:
        logits = logits[:, ~left_out]
    return -logits.log_softmax(dim=1).mean()
