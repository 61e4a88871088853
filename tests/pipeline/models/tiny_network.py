"""A network that trains in a moment."""

import torch

from pipeline.models import embedding_net
from pipeline.params import Train


def net(settings: Train, **own) -> embedding_net.EmbeddingNet:
    torch.manual_seed(0)
    return embedding_net.build(
        "test_resnet",
        first_weights="none",
        channels=settings.channels,
        dim=settings.embedding,
        pooling=settings.pooling,
        bnneck=settings.bnneck,
        drop_path=settings.drop_path,
        **own,
    )
