"""PT-MAP: power transform, then class centres by optimal transport (Hu et al. 2020,
"Leveraging the feature distribution in transfer-based few-shot learning", arXiv:2006.03806).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.nearest import Nearest
from pipeline.fewshot.prototypical import squared
from pipeline.fewshot.tasks import Support, class_means, membership, present, without_absent

POWER = 0.5
SHARPNESS = 10.0  # of distances in the transport (their lambda)
LEARNING = 0.2  # how far centres move a round (their alpha)
ROUNDS = 20
TURNS = 50  # of Sinkhorn's scaling


class PTMap(Nearest):
    """Transductive: a task's queries move the class centres before they are told apart.

    balanced: they are shared out evenly over the classes, as in the publication's tasks, which
    have as many queries of each. Otherwise every query goes where its distances say.
    Examples and queries are centred by their common mean; the publication centres each set by its
    own, which a single query would lose all by.
    """

    def __init__(self, encoder: Encoder, classes: int, balanced: bool) -> None:
        super().__init__(encoder, classes, "euclidean")
        self.balanced = balanced

    def scores(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        first, asked = powered(support.encoded(self.encoder)), powered(self.encoder(queries))
        every = torch.cat([first, asked], dim=1)
        real = torch.cat([support.weights > 0, torch.ones_like(asked[..., 0], dtype=bool)], dim=1)
        centred = F.normalize(every - masked_mean(every, real), dim=-1)
        first, asked = centred[:, : first.shape[1]], centred[:, first.shape[1] :]
        centres = class_means(first, support, ways)
        member = membership(support, ways)
        shown = present(support, ways)
        for _ in range(ROUNDS):
            plan = self.shares(asked, centres, shown)
            weighed = plan.transpose(1, 2) @ asked + member.transpose(1, 2) @ first
            total = (plan.sum(dim=1) + member.sum(dim=1)).clamp(min=1e-9)[..., None]
            centres = centres + LEARNING * (weighed / total - centres)
        plan = self.shares(asked, centres, shown)
        return without_absent(plan.clamp(min=1e-30).log(), support, ways)

    def shares(self, queries: Tensor, centres: Tensor, present: Tensor) -> Tensor:
        """How much of each query goes to each class, t x q x ways; absent ones get nothing."""
        cost = SHARPNESS * squared(queries, centres).masked_fill(~present[:, None], torch.inf)
        if not self.balanced:
            return (-cost).softmax(dim=2)
        return sinkhorn(-cost, queries.shape[1] / present.sum(dim=1, keepdim=True) * present)


def powered(vectors: Tensor) -> Tensor:
    """Each number to the power, the length 1: skewed features become more like a Gaussian's.

    They must not be negative; what is (a feature without ReLU) keeps its sign.
    """
    return F.normalize(vectors.sign() * (vectors.abs() + 1e-6).pow(POWER), dim=-1)


def masked_mean(vectors: Tensor, real: Tensor) -> Tensor:
    """The mean over t x n x d where `real` (t x n), t x 1 x d."""
    share = real / real.sum(dim=1, keepdim=True)
    return share[:, None].to(vectors.dtype) @ vectors


def sinkhorn(logits: Tensor, columns: Tensor) -> Tensor:
    """exp(logits), t x q x ways, scaled until rows sum to 1 and columns to `columns` (t x ways).

    Ends with the rows: that a query is shared out whole holds exactly.
    """
    wanted = columns.log()
    for _ in range(TURNS):
        excess = wanted - logits.logsumexp(dim=1)
        logits = logits + torch.nan_to_num(excess, nan=0.0, neginf=0.0, posinf=0.0)[:, None]
        logits = logits - logits.logsumexp(dim=2, keepdim=True)
    return logits.exp()
