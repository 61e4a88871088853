"""Losses of pairs that pytorch-metric-learning lacks: a function per name in params.yaml.

Arguments and result are those of `metric_learning`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.losses.proxies import mean_above_zero


def histogram(features: Tensor, labels: Tensor, *, bins: int) -> Tensor:
    """Probability that a negative pair is as similar as a positive one (arXiv:1611.00822).

    Cosines are counted in `bins` + 1 triangular bins from -1 to 1. With few pairs, take few bins: a
    pair has a gradient only if a pair of the other kind falls into its bins.
    """
    unit = F.normalize(features)
    first, second = torch.triu_indices(len(labels), len(labels), 1, device=labels.device)
    cosines = (unit[first] * unit[second]).sum(dim=1)
    same = labels[first] == labels[second]
    if same.all() or not same.any():
        return features.sum() * 0
    positive, negative = (soft_histogram(cosines[kind], bins) for kind in (same, ~same))
    return (negative * positive.cumsum(dim=0)).sum()


def soft_histogram(cosines: Tensor, bins: int) -> Tensor:
    """`bins` + 1 numbers that sum to 1: each cosine is divided between the two nearest bins."""
    position = (cosines.clamp(-1, 1) + 1) / 2 * bins
    lower = position.detach().floor().long().clamp(max=bins - 1)
    upper_part = position - lower
    counts = torch.zeros(bins + 1, dtype=cosines.dtype, device=cosines.device)
    counts = counts.scatter_add(0, lower, 1 - upper_part).scatter_add(0, lower + 1, upper_part)
    return counts / len(cosines)


def n_pair(features: Tensor, labels: Tensor, *, scale: float, new_whale: bool) -> Tensor:
    """An anchor's positive against the other identities' positives (Sohn 2016, NeurIPS).

    Each identity with two images or more gives its first as anchor, its second as positive. The
    logits are `scale` x cosine, in place of the paper's inner products and penalty on lengths;
    `new_whale` adds the images without a positive to every anchor's negatives.
    """
    anchors, positives, single = find_pairs(labels)
    if not len(anchors):
        return features.sum() * 0
    others = torch.cat([positives, single]) if new_whale else positives
    unit = F.normalize(features)
    logits = scale * unit[anchors] @ unit[others].T
    return F.cross_entropy(logits, torch.arange(len(anchors), device=labels.device))


def find_pairs(labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Indices of the first and the second image of every label with two, and of single images."""
    _, codes, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    order = torch.argsort(codes, stable=True)
    starts = torch.cumsum(counts, 0) - counts
    paired = counts > 1
    return order[starts[paired]], order[starts[paired] + 1], order[starts[~paired]]


def quadruplet(features: Tensor, labels: Tensor, *, margin: float, second_margin: float) -> Tensor:
    """A triplet, and its positive nearer than pairs of two others (Chen et al. 2017, 1704.01719).

    [m + d(a,p)^2 - d(a,n)^2]+ with every anchor's hardest positive and negative, and
    [m2 + d(a,p)^2 - d(n,l)^2]+ with the nearest l of a third individual; the mean of each is taken
    over what costs something. Distances are of unit vectors.
    """
    unit = F.normalize(features)
    squared = (2 - 2 * unit @ unit.T).clamp(min=0)
    same = labels.unsqueeze(1) == labels
    diagonal = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    positive = squared.masked_fill(~same | diagonal, -torch.inf).amax(dim=1)
    negative, n = squared.masked_fill(same, torch.inf).min(dim=1)
    # distance of n to images of neither the anchor's individual nor its own
    third = squared[n].masked_fill(same | same[n], torch.inf).amin(dim=1)
    first_loss = F.relu(margin + positive - negative)
    second_loss = F.relu(second_margin + positive - third)
    return mean_above_zero(first_loss) + mean_above_zero(second_loss)
