"""The network and its self-supervised task as one module."""

from torch import Tensor, nn

from pipeline.models.embedding_net import EmbeddingNet
from pipeline.params import Pretrain
from pipeline.steps.pretrain.clusters import Clusters
from pipeline.steps.pretrain.rotation import Rotation, rotate_crops
from pipeline.steps.pretrain.simsiam import SimSiam

Task = SimSiam | Rotation | Clusters


class SelfSupervisedLearner(nn.Module):
    """The network and its task, as one module."""

    def __init__(self, net: EmbeddingNet, task: Task) -> None:
        super().__init__()
        self.net, self.task = net, task

    def forward(self, crops: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of a batch, and vectors that must not collapse."""
        if isinstance(self.task, Rotation):
            crops, rows = rotate_crops(crops)
        pooled = self.net.pool_maps(crops)
        if isinstance(self.task, SimSiam):
            return self.task(*pooled.chunk(2))
        return self.task(pooled, rows)


def build_task(width: int, count: int, settings: Pretrain) -> Task:
    """Build the task of the method, for pooled maps of `width` numbers and `count` photographs."""
    if settings.method == "simsiam":
        return SimSiam(width, settings.dim)
    if settings.method == "rotation":
        return Rotation(width)
    return Clusters(width, settings.dim, count, settings.clusters, settings.seed)
