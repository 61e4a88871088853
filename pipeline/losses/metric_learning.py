"""Losses of pairs and triplets by pytorch-metric-learning: a function per name in params.yaml.

    loss(features, labels, **values) -> a scalar

features : n x d float32; most losses normalise them to length 1
labels : n; images with the same label show one individual. Every new_whale has a label of its own,
    so that it is a negative of every image and a positive of none
memory : features of past batches, for the losses that can compare with them

A batch without a pair that costs something gives 0, with a gradient of 0. The only module that
imports the library; losses of pairs that it lacks are in `pairs`.
"""

from typing import NamedTuple

import torch
from pytorch_metric_learning import losses, miners
from pytorch_metric_learning.utils import loss_and_miner_utils as indices
from torch import Tensor, nn

from pipeline.losses.identities import leave_out_new_whales


class Memory(NamedTuple):
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
    memory: Memory | None = None,
) -> Tensor:
    """Triplets by Euclidean distances of unit vectors; mean over the triplets that cost something.

    `miner` selects the triplets: hardest (of every anchor: batch hard, arXiv:1703.07737), semi_hard
    (the negative further than the positive, within the margin: arXiv:1503.03832), all,
    multi_similarity (arXiv:1904.06627) or distance_weighted (arXiv:1706.07567). `two_sided`: the
    positive is an anchor too, [m + d(a,p) - d(a,n)]+ and [m + d(a,p) - d(p,n)]+.
    """
    mine = build_miner(miner, margin)
    loss = losses.TripletMarginLoss(margin=margin)
    if not two_sided:
        return apply_loss(loss, features, labels, memory, mine)
    a, p, n = indices.convert_to_triplets(mine(features, labels), labels)
    return loss(features, labels, (torch.cat([a, p]), torch.cat([p, a]), torch.cat([n, n])))


def build_miner(name: str, margin: float) -> nn.Module:
    """Build the miner of a name; other constants than the margin are those of the papers."""
    if name == "hardest":
        return miners.BatchHardMiner()
    if name == "multi_similarity":
        return miners.MultiSimilarityMiner(epsilon=0.1)
    if name == "distance_weighted":
        return miners.DistanceWeightedMiner(cutoff=0.5, nonzero_loss_cutoff=1.4)
    kinds = {"semi_hard": "semihard", "all": "all"}
    return miners.TripletMarginMiner(margin=margin, type_of_triplets=kinds[name])


def contrastive(
    features: Tensor, labels: Tensor, *, near: float, far: float, memory: Memory | None = None
) -> Tensor:
    """Positives further than `near` and negatives nearer than `far` cost the difference.

    Distances are Euclidean on unit vectors (Hadsell et al. 2006, CVPR, without its square).
    """
    loss = losses.ContrastiveLoss(pos_margin=near, neg_margin=far)
    return apply_loss(loss, features, labels, memory)


def multi_similarity(  # noqa: PLR0913 - the values have the names of params.yaml
    features: Tensor,
    labels: Tensor,
    *,
    alpha: float,
    beta: float,
    base: float,
    epsilon: float,
    memory: Memory | None = None,
) -> Tensor:
    """Pairs weighted by their similarity and by that of competing pairs (arXiv:1904.06627).

    `epsilon`: a positive counts if it is less similar than the most similar negative + epsilon, and
    a negative the other way round.
    """
    loss = losses.MultiSimilarityLoss(alpha=alpha, beta=beta, base=base)
    return apply_loss(loss, features, labels, memory, miners.MultiSimilarityMiner(epsilon=epsilon))


def circle(
    features: Tensor, labels: Tensor, *, margin: float, gamma: float, memory: Memory | None = None
) -> Tensor:
    """Each similarity weighted by its distance from its optimum (arXiv:2002.10857)."""
    return apply_loss(losses.CircleLoss(m=margin, gamma=gamma), features, labels, memory)


def lifted(features: Tensor, labels: Tensor, *, margin: float) -> Tensor:
    """Each positive pair against all negatives of both its images (arXiv:1511.06452)."""
    return losses.LiftedStructureLoss(neg_margin=margin, pos_margin=0)(features, labels)


def ranked_list(
    features: Tensor, labels: Tensor, *, margin: float, radius: float, temperature: float
) -> Tensor:
    """Positives within `radius` - `margin`, negatives outside `radius` (arXiv:1903.03238).

    The nearer a negative, the larger its weight, by `temperature`.
    """
    loss = losses.RankedListLoss(margin=margin, Tn=temperature, alpha=radius)
    return loss(features, labels)


def apply_loss(
    loss: nn.Module,
    features: Tensor,
    labels: Tensor,
    memory: Memory | None,
    miner: nn.Module | None = None,
) -> Tensor:
    """Apply a loss of the library to the pairs of a batch that its miner selects.

    With a memory, each image of the batch is compared with the memory and with the batch, neither
    of which gets a gradient from it (cross-batch memory: arXiv:1912.06798).
    """
    if memory is None:
        return loss(features, labels, miner(features, labels) if miner else None)
    reference = torch.cat([features, memory.features]).detach()
    reference_labels = torch.cat([labels, memory.labels])
    if miner:
        selected = miner(features, labels, reference, reference_labels)
    else:
        selected = indices.get_all_pairs_indices(labels, reference_labels)
    batch = torch.arange(len(labels), device=labels.device)
    selected = indices.remove_self_comparisons(selected, batch, len(reference))
    selected = leave_out_new_whales(selected, labels, reference_labels)
    return loss(features, labels, selected, reference, reference_labels)
