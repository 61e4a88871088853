"""A network that trains in a moment."""

import torch

from pipeline.models import member_networks
from pipeline.models.embedding_net import Architecture, EmbeddingNet
from pipeline.models.pair_head import PairHead
from pipeline.params import Train


def net(settings: Train, pair_head: PairHead | None = None) -> EmbeddingNet:
    torch.manual_seed(0)
    architecture = Architecture(
        channels=settings.channels,
        dim=settings.embedding,
        pooling=settings.pooling,
        bnneck=settings.bnneck,
        reduction=settings.reduction,
        drop_path=settings.drop_path,
    )
    return member_networks.build("test_resnet", "none", architecture, pair_head)
