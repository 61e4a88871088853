"""A network that trains in a moment."""

import torch

from pipeline import model
from pipeline.params import Train


def net(settings: Train, **own) -> model.EmbeddingNet:
    torch.manual_seed(0)
    return model.build(
        "test_resnet",
        first_weights="none",
        channels=settings.channels,
        dim=settings.embedding,
        pooling=settings.pooling,
        bnneck=settings.bnneck,
        drop_path=settings.drop_path,
        **own,
    )
