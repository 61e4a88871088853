"""SimSiam: two views of one photograph must predict each other (Chen and He 2021, 2011.10566)."""

import torch.nn.functional as F
from torch import Tensor, nn


class SimSiam(nn.Module):
    """Loss of predicting one view from the other, by their pooled maps (n x width each).

    A projector and a predictor; the predicted side gets no gradient, which is what prevents a
    collapse.
    """

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.projector = nn.Sequential(
            nn.Linear(width, dim, bias=False),
            nn.BatchNorm1d(dim),
            nn.ReLU(inplace=True),
            nn.Linear(dim, dim, bias=False),
            nn.BatchNorm1d(dim, affine=False),
        )
        self.predictor = nn.Sequential(
            nn.Linear(dim, dim // 4, bias=False),
            nn.BatchNorm1d(dim // 4),
            nn.ReLU(inplace=True),
            nn.Linear(dim // 4, dim),
        )

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss, -1 at its best, and the vectors that must not collapse.

        Those are the pooled maps of `first`: the projector's normalisation would stretch tiny
        differences.
        """
        projection1, projection2 = self.projector(first), self.projector(second)
        loss1 = negative_cosine(self.predictor(projection1), projection2)
        loss2 = negative_cosine(self.predictor(projection2), projection1)
        return (loss1 + loss2) / 2, first


def negative_cosine(prediction: Tensor, target: Tensor) -> Tensor:
    """Minus the mean cosine; the target gets no gradient."""
    return -F.cosine_similarity(prediction.float(), target.detach().float()).mean()
