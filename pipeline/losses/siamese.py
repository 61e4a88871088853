"""The siamese network's loss: its head decides whether two images show the same individual."""

from functools import reduce

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.losses.hard_negatives import assign_hard_negatives, score_all_pairs
from pipeline.models.pair_head import PairHead


class SiameseLoss(nn.Module):
    """Binary cross-entropy of a `PairHead` on unit vectors (Koch et al. 2015).

    The positives are all pairs of the batch that show one individual; the negatives, one per image,
    are the hardest that linear assignment finds. Both kinds have the same weight. A new_whale is a
    negative of every image.
    """

    def __init__(self, head: PairHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        unit = F.normalize(embeddings)
        first, second = torch.triu_indices(len(labels), len(labels), 1, device=labels.device)
        same = (labels[first] == labels[second]) & (labels[first] >= 0)
        negatives = self.mine_negatives(unit.detach(), labels)
        paired = negatives >= 0
        positive_logits = self.head(unit[first[same]], unit[second[same]])
        negative_logits = self.head(unit[paired], unit[negatives[paired]])
        losses = [F.softplus(-positive_logits), F.softplus(negative_logits)]
        means = [loss.mean() for loss in losses if len(loss)]
        return reduce(torch.add, means) / len(means) if means else unit.sum() * 0

    @torch.no_grad()
    def mine_negatives(self, unit: Tensor, labels: Tensor) -> Tensor:
        """Index of each image's hard negative in the batch; -1 for none."""
        scores = score_all_pairs(self.head, unit, unit).cpu().double().numpy()
        negatives = assign_hard_negatives(
            lambda rows, columns: scores[np.ix_(rows, columns)],
            labels.cpu().numpy(),
            len(labels),
            0.0,
            np.random.default_rng(0),
            np.ones(len(labels), bool),
        )
        return torch.from_numpy(negatives).to(labels.device)
