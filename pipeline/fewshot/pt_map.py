"""PT-MAP: power transform, then class centres by optimal transport (Hu et al. 2020).

"Leveraging the feature distribution in transfer-based few-shot learning", arXiv:2006.03806.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.nearest import Nearest
from pipeline.fewshot.prototypical import squared_distances
from pipeline.fewshot.tasks import (
    Support,
    class_means,
    class_membership,
    mask_absent_classes,
    present_classes,
)

POWER = 0.5
SHARPNESS = 10.0  # of distances in the transport (their lambda)
STEP = 0.2  # of a centre towards its new mean per round (their alpha)
ROUNDS = 20
SINKHORN_ROUNDS = 50


class PTMap(Nearest):
    """Transductive: a task's queries move the class centres before they are classified.

    balanced: they are distributed evenly over the classes, as in the publication's tasks, which
    have equally many queries per class. Otherwise each query is assigned by its distances alone.
    Examples and queries are centred by their common mean; the publication centres each set by its
    mean, which would turn a single query into zeros.
    """

    def __init__(self, encoder: Encoder, classes: int, balanced: bool) -> None:
        super().__init__(encoder, classes, "euclidean")
        self.balanced = balanced

    def score(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        examples, vectors = self._transform(support, queries)
        centres = class_means(examples, support, ways)
        membership = class_membership(support, ways)
        present = present_classes(support, ways)
        for _ in range(ROUNDS):
            plan = self.assign(vectors, centres, present)
            sums = plan.transpose(1, 2) @ vectors + membership.transpose(1, 2) @ examples
            total = (plan.sum(dim=1) + membership.sum(dim=1)).clamp(min=1e-9)[..., None]
            centres = centres + STEP * (sums / total - centres)
        plan = self.assign(vectors, centres, present)
        return mask_absent_classes(plan.clamp(min=1e-30).log(), support, ways)

    def _transform(self, support: Support, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Examples (t x n x d) and queries (t x q x d): power transform, centring, unit length."""
        examples = power_transform(support.encode(self.encoder))
        vectors = power_transform(self.encoder(queries))
        both = torch.cat([examples, vectors], dim=1)
        queries_present = torch.ones_like(vectors[..., 0], dtype=torch.bool)
        present = torch.cat([support.weights > 0, queries_present], dim=1)
        centred = F.normalize(both - masked_mean(both, present), dim=-1)
        return centred[:, : examples.shape[1]], centred[:, examples.shape[1] :]

    def assign(self, queries: Tensor, centres: Tensor, present: Tensor) -> Tensor:
        """The fraction of each query that each class gets, t x q x ways; 0 for absent classes."""
        distances = squared_distances(queries, centres)
        cost = SHARPNESS * distances.masked_fill(~present[:, None], torch.inf)
        if not self.balanced:
            return (-cost).softmax(dim=2)
        return sinkhorn(-cost, queries.shape[1] / present.sum(dim=1, keepdim=True) * present)


def power_transform(vectors: Tensor) -> Tensor:
    """Each component to the power, unit length: skewed features become more Gaussian.

    Features are meant to be positive; a negative one (without ReLU) keeps its sign.
    """
    return F.normalize(vectors.sign() * (vectors.abs() + 1e-6).pow(POWER), dim=-1)


def masked_mean(vectors: Tensor, present: Tensor) -> Tensor:
    """The mean of t x n x d vectors if `present` (t x n), t x 1 x d."""
    weights = present / present.sum(dim=1, keepdim=True)
    return weights[:, None].to(vectors.dtype) @ vectors


def sinkhorn(logits: Tensor, columns: Tensor) -> Tensor:
    """exp(logits), t x q x ways, scaled until rows sum to 1 and columns to `columns` (t x ways).

    Ends with the rows: the sums over classes are exact.
    """
    targets = columns.log()
    for _ in range(SINKHORN_ROUNDS):
        excess = targets - logits.logsumexp(dim=1)
        logits = logits + torch.nan_to_num(excess, nan=0.0, neginf=0.0, posinf=0.0)[:, None]
        logits = logits - logits.logsumexp(dim=2, keepdim=True)
    return logits.exp()
