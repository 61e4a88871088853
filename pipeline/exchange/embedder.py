"""A network that does all that a stored embedding needs, for other programs to run."""

from torch import Tensor, nn

from pipeline.models.embedding_net import EmbeddingNet
from pipeline.models.mirrored import embed_mirrored


class Embedder(nn.Module):
    """Crops, n x C x H x W uint8, to what the stage `embed` stores: vectors of length 1.

    flip : "none", "average" or "both", as `embed.flip`
    """

    def __init__(self, net: EmbeddingNet, flip: str) -> None:
        super().__init__()
        self.net, self.flip = net, flip

    def forward(self, crops: Tensor) -> Tensor:
        return embed_mirrored(self.net.embed, crops, self.flip)
