"""The twin network's loss: are these two the same individual, yes or no?"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.losses import hard_negatives
from pipeline.models.pair_head import PairHead


class Twin(nn.Module):
    """Binary cross-entropy of a `PairHead` on unit vectors (Koch et al. 2015).

    Every pair of the batch that shows one individual, against as hard a stranger for every image as
    linear assignment finds; both kinds weigh the same. A new_whale is a stranger to all.
    """

    def __init__(self, head: PairHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        unit = F.normalize(embeddings)
        first, second = torch.triu_indices(len(labels), len(labels), 1, device=labels.device)
        same = (labels[first] == labels[second]) & (labels[first] >= 0)
        strangers = self.strangers(unit.detach(), labels)
        met = strangers >= 0
        alike = self.head(unit[first[same]], unit[second[same]])
        apart = self.head(unit[met], unit[strangers[met]])
        costs = [F.softplus(-alike), F.softplus(apart)]
        means = [cost.mean() for cost in costs if len(cost)]
        return sum(means) / len(means) if means else unit.sum() * 0

    @torch.no_grad()
    def strangers(self, unit: Tensor, labels: Tensor) -> Tensor:
        """Each image's hard stranger in the batch, a place; -1 for none."""
        scores = self.head(unit.unsqueeze(1), unit.unsqueeze(0)).cpu().double().numpy()
        found = hard_negatives.hard_negatives(
            lambda rows, columns: scores[np.ix_(rows, columns)],
            labels.cpu().numpy(),
            len(labels),
            0.0,
            np.random.default_rng(0),
            np.ones(len(labels), bool),
        )
        return torch.from_numpy(found).to(labels.device)
