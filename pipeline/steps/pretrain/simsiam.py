"""SimSiam: two views of one photograph must predict each other (Chen and He 2021, 2011.10566)."""

import torch.nn.functional as F
from torch import Tensor, nn


class SimSiam(nn.Module):
    """Two views' pooled maps (n x width each) to the cost of predicting one from the other.

    A projector and a predictor; the predicted side stands still, which is what keeps everything
    from becoming one point.
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
        """The cost, -1 at its best, and what must not collapse.

        That is what comes in: the projector's normalisation would stretch the least difference.
        """
        ahead, behind = self.projector(first), self.projector(second)
        forth = predicted(self.predictor(ahead), behind)
        back = predicted(self.predictor(behind), ahead)
        return (forth + back) / 2, first


def predicted(prediction: Tensor, target: Tensor) -> Tensor:
    """Minus the mean cosine; the target stands still."""
    return -F.cosine_similarity(prediction.float(), target.detach().float()).mean()
