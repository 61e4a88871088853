"""Grad-CAM of the similarity of two photographs (Selvaraju et al., arXiv:1610.02391)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.models import backbones
from pipeline.models.embedding_net import EmbeddingNet


def compute_heatmaps(net: EmbeddingNet, crops: Tensor, others: Tensor) -> Tensor:
    """Where n crops resemble n others (n x C x H x W uint8): n x H x W, 0 to 1.

    The channels of the backbone's last maps are weighted by the mean gradient of the similarity,
    and only positive sums count. A heatmap is all 0 if no part of the crop raises the similarity.
    """
    net.eval()
    with torch.no_grad():
        targets = net.embed(others)
    with torch.enable_grad(), capture_last_maps(net) as captured:
        similarity = (net.embed(crops) * targets).sum()
        (maps,) = captured
        (gradient,) = torch.autograd.grad(similarity, maps)
    maps, gradient = (to_maps(net, values, crops.shape[2:]) for values in (maps, gradient))
    heat = F.relu((gradient.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1, keepdim=True))
    large = F.interpolate(heat.detach(), crops.shape[2:], mode="bilinear")[:, 0]
    return large / large.amax(dim=(1, 2), keepdim=True).clamp(min=1e-9)


def to_maps(net: EmbeddingNet, features: Tensor, size: Sequence[int]) -> Tensor:
    """A backbone's features as n x C x h x w: tokens go back to their places in the crop.

    size : height and width of the crop
    """
    if features.ndim == 4:
        return features if backbones.has_maps(net.backbone) else features.permute(0, 3, 1, 2)
    tokens = features[:, getattr(net.backbone, "num_prefix_tokens", 0) :]
    height, width = net.size or size
    rows = max(1, round((tokens.shape[1] * height / width) ** 0.5))
    while tokens.shape[1] % rows:  # a crop that is padded to whole patches
        rows -= 1
    return tokens.transpose(1, 2).unflatten(2, (rows, -1))


@contextmanager
def capture_last_maps(net: EmbeddingNet) -> Iterator[list[Tensor]]:
    """Keep the outputs of the backbone; timm's backbones have no common module to hook."""
    captured: list[Tensor] = []
    original = net.backbone.forward_features

    def forward_and_capture(inputs: Tensor) -> Tensor:
        maps = original(inputs)
        if not maps.requires_grad:
            maps = maps.detach().requires_grad_()
        captured.append(maps)
        return maps

    net.backbone.forward_features = forward_and_capture
    try:
        yield captured
    finally:
        del net.backbone.forward_features
