"""Losses of pairs and triplets: one function each, called as it is named in params.yaml.

    cost(features, labels, **values) -> a scalar

features : n x d float32, as they come; most losses bring them to length 1
labels : n; images with the same label are one individual. Every new_whale has a label of its own,
    so it is everybody's negative and nobody's positive
older : `Older` vectors of past batches, for those that can compare with them

A batch without a pair that costs something costs 0 and has a gradient of 0.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from pytorch_metric_learning import losses, miners
from pytorch_metric_learning.utils import loss_and_miner_utils as indices
from torch import Tensor, nn

from pipeline.losses.proxies import mean_of_costly


class Older(NamedTuple):
    """m x d features of past batches, without a gradient, and their m labels."""

    features: Tensor
    labels: Tensor


def triplet(
    features: Tensor,
    labels: Tensor,
    *,
    margin: float,
    miner: str,
    two_sided: bool,
    older: Older | None = None,
) -> Tensor:
    """Anchor, positive, negative at Euclidean distances of unit vectors; mean over what costs.

    `miner` picks the triplets: hardest (of every anchor: batch hard, arXiv:1703.07737), semi_hard
    (the negative further than the positive, within the margin: arXiv:1503.03832), all,
    multi_similarity (arXiv:1904.06627) or distance_weighted (arXiv:1706.07567). `two_sided`: the
    positive is an anchor too, [m + d(a,p) - d(a,n)]+ and [m + d(a,p) - d(p,n)]+.
    """
    chosen = mining(miner, margin)
    loss = losses.TripletMarginLoss(margin=margin)
    if not two_sided:
        return compared(loss, features, labels, older, chosen)
    a, p, n = indices.convert_to_triplets(chosen(features, labels), labels)
    return loss(features, labels, (torch.cat([a, p]), torch.cat([p, a]), torch.cat([n, n])))


def mining(name: str, margin: float) -> nn.Module:
    """The miner of a name; its own constants are those of the papers."""
    if name == "hardest":
        return miners.BatchHardMiner()
    if name == "multi_similarity":
        return miners.MultiSimilarityMiner(epsilon=0.1)
    if name == "distance_weighted":
        return miners.DistanceWeightedMiner(cutoff=0.5, nonzero_loss_cutoff=1.4)
    kinds = {"semi_hard": "semihard", "all": "all"}
    return miners.TripletMarginMiner(margin=margin, type_of_triplets=kinds[name])


def contrastive(
    features: Tensor, labels: Tensor, *, near: float, far: float, older: Older | None = None
) -> Tensor:
    """Positives further than `near` and negatives nearer than `far` cost what is amiss.

    Distances are Euclidean on unit vectors (Hadsell et al. 2006, CVPR, without its square).
    """
    loss = losses.ContrastiveLoss(pos_margin=near, neg_margin=far)
    return compared(loss, features, labels, older)


def multi_similarity(
    features: Tensor,
    labels: Tensor,
    *,
    alpha: float,
    beta: float,
    base: float,
    epsilon: float,
    older: Older | None = None,
) -> Tensor:
    """Pairs weighted by their own similarity and by that of their rivals (arXiv:1904.06627).

    `epsilon`: a positive is kept that is less similar than the most similar negative + epsilon, and
    a negative the other way round.
    """
    loss = losses.MultiSimilarityLoss(alpha=alpha, beta=beta, base=base)
    return compared(loss, features, labels, older, miners.MultiSimilarityMiner(epsilon=epsilon))


def circle(
    features: Tensor, labels: Tensor, *, margin: float, gamma: float, older: Older | None = None
) -> Tensor:
    """Each similarity pulled as hard as it is far from its goal (arXiv:2002.10857)."""
    return compared(losses.CircleLoss(m=margin, gamma=gamma), features, labels, older)


def lifted(features: Tensor, labels: Tensor, *, margin: float) -> Tensor:
    """Each positive pair against all negatives of both its images (arXiv:1511.06452)."""
    return losses.LiftedStructureLoss(neg_margin=margin, pos_margin=0)(features, labels)


def ranked_list(
    features: Tensor, labels: Tensor, *, margin: float, radius: float, temperature: float
) -> Tensor:
    """Positives within `radius` - `margin`, negatives outside `radius` (arXiv:1903.03238).

    The nearer a negative, the more it weighs, by `temperature`.
    """
    loss = losses.RankedListLoss(margin=margin, Tn=temperature, alpha=radius)
    return loss(features, labels)


def histogram(features: Tensor, labels: Tensor, *, bins: int) -> Tensor:
    """The chance that a negative pair is as similar as a positive one (arXiv:1611.00822).

    Cosines are counted in `bins` + 1 triangular bins from -1 to 1; with few pairs, take few bins: a
    pair is pulled only where another kind's pair falls into its own bins.
    """
    unit = F.normalize(features)
    first, second = torch.triu_indices(len(labels), len(labels), 1, device=labels.device)
    cosines = (unit[first] * unit[second]).sum(dim=1)
    same = labels[first] == labels[second]
    if same.all() or not same.any():
        return features.sum() * 0
    positive, negative = (shares(cosines[kind], bins) for kind in (same, ~same))
    return (negative * positive.cumsum(dim=0)).sum()


def shares(cosines: Tensor, bins: int) -> Tensor:
    """`bins` + 1 numbers that sum to 1: each cosine is parted between the two bins beside it."""
    place = (cosines.clamp(-1, 1) + 1) / 2 * bins
    lower = place.detach().floor().long().clamp(max=bins - 1)
    upper_part = place - lower
    counts = torch.zeros(bins + 1, dtype=cosines.dtype, device=cosines.device)
    counts = counts.scatter_add(0, lower, 1 - upper_part).scatter_add(0, lower + 1, upper_part)
    return counts / len(cosines)


def n_pair(features: Tensor, labels: Tensor, *, scale: float, new_whale: bool) -> Tensor:
    """An anchor's positive against the other identities' (Sohn 2016, NeurIPS).

    Each identity with two images or more gives its first as anchor, its second as positive. The
    logits are `scale` x cosine, in place of the paper's inner products and penalty on lengths;
    `new_whale` adds the images that have no partner to every anchor's negatives.
    """
    anchors, positives, lonely = partners(labels)
    if not len(anchors):
        return features.sum() * 0
    others = torch.cat([positives, lonely]) if new_whale else positives
    unit = F.normalize(features)
    logits = scale * unit[anchors] @ unit[others].T
    return F.cross_entropy(logits, torch.arange(len(anchors), device=labels.device))


def partners(labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Places of the first and second image of every label that has two, and of labels with one."""
    _, codes, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    order = torch.argsort(codes, stable=True)
    starts = torch.cumsum(counts, 0) - counts
    paired = counts > 1
    return order[starts[paired]], order[starts[paired] + 1], order[starts[~paired]]


def quadruplet(features: Tensor, labels: Tensor, *, margin: float, second_margin: float) -> Tensor:
    """A triplet, and its positives nearer than any two strangers (Chen et al. 2017, 1704.01719).

    [m + d(a,p)^2 - d(a,n)^2]+ with every anchor's hardest positive and negative, and
    [m2 + d(a,p)^2 - d(n,l)^2]+ with the nearest l of a third individual; the mean of each is taken
    over what costs. Distances are of unit vectors.
    """
    unit = F.normalize(features)
    squared = (2 - 2 * unit @ unit.T).clamp(min=0)
    same = labels.unsqueeze(1) == labels
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    positive = squared.masked_fill(~same | itself, -torch.inf).amax(dim=1)
    negative, n = squared.masked_fill(same, torch.inf).min(dim=1)
    # n's distance to images that are neither the anchor's individual nor its own
    third = squared[n].masked_fill(same | same[n], torch.inf).amin(dim=1)
    costs = [F.relu(margin + positive - negative), F.relu(second_margin + positive - third)]
    return sum(mean_of_costly(cost) for cost in costs)


def compared(
    loss: nn.Module,
    features: Tensor,
    labels: Tensor,
    older: Older | None,
    miner: nn.Module | None = None,
) -> Tensor:
    """The library's loss on what its miner picks from the batch, and from `older` where given.

    With older vectors, each image of the batch is compared with them and with the batch, which
    stand still for it (cross-batch memory: arXiv:1912.06798).
    """
    if older is None:
        return loss(features, labels, miner(features, labels) if miner else None)
    seen = torch.cat([features, older.features]).detach()
    seen_labels = torch.cat([labels, older.labels])
    if miner:
        picked = miner(features, labels, seen, seen_labels)
    else:
        picked = indices.get_all_pairs_indices(labels, seen_labels)
    batch = torch.arange(len(labels), device=labels.device)
    picked = indices.remove_self_comparisons(picked, batch, len(seen))
    return loss(features, labels, picked, seen, seen_labels)
