"""A network that does all that a stored embedding needs, for other programs to run."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.models.embedding_net import EmbeddingNet


class Embedder(nn.Module):
    """Crops, n x C x H x W uint8, to what the stage `embed` stores: vectors of length 1.

    flip : "none", "average" or "both", as `embed.flip`
    """

    def __init__(self, net: EmbeddingNet, flip: str) -> None:
        super().__init__()
        self.net, self.flip = net, flip

    def forward(self, crops: Tensor) -> Tensor:
        vectors = self.net.embed(crops)
        if self.flip == "none":
            return vectors
        mirror = self.net.embed(crops.flip(-1))
        both = torch.cat([vectors, mirror], dim=1) if self.flip == "both" else vectors + mirror
        return F.normalize(both)
