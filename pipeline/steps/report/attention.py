"""What the embedding looks at: Grad-CAM of the similarity of two photographs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.models.embedding_net import EmbeddingNet


def attended(net: EmbeddingNet, crops: Tensor, others: Tensor) -> Tensor:
    """Where n crops (n x C x H x W uint8) are like n others: n x H x W, 0 to 1.

    The last maps' channels, weighted by the similarity's mean gradient, where they speak for it
    (Selvaraju et al., arXiv:1610.02391). All 0 where nothing does.
    """
    net.eval()
    with torch.no_grad():
        wanted = net.embed(others)
    with torch.enable_grad(), last_maps(net) as kept:
        similarity = (net.embed(crops) * wanted).sum()
        (maps,) = kept
        (gradient,) = torch.autograd.grad(similarity, maps)
    said = F.relu((gradient.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1, keepdim=True))
    large = F.interpolate(said.detach(), crops.shape[2:], mode="bilinear")[:, 0]
    return large / large.amax(dim=(1, 2), keepdim=True).clamp(min=1e-9)


@contextmanager
def last_maps(net: EmbeddingNet) -> Iterator[list[Tensor]]:
    """Keeps what the backbone's last stage says; backbones have no module in common to hook."""
    kept: list[Tensor] = []
    original = net.backbone.forward_features

    def listening(inputs: Tensor) -> Tensor:
        maps = original(inputs)
        if not maps.requires_grad:
            maps = maps.detach().requires_grad_()
        kept.append(maps)
        return maps

    net.backbone.forward_features = listening
    try:
        yield kept
    finally:
        del net.backbone.forward_features
