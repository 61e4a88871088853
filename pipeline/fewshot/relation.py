"""Relation network: a learned comparison (Sung et al. 2018, arXiv:1711.06025)."""

import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import (
    Episodes,
    Support,
    class_means,
    encode_present,
    mask_absent_classes,
    present_classes,
)


class Relation(Learner):
    """A small network compares a class's mean feature maps with a query's, stacked as channels.

    The published encoder pools only twice, so that the compared maps have some size. Scores are
    the network's logits; it is trained by squared errors against 1 for the right class and 0 for
    others, as published.
    """

    def __init__(self, encoder: Encoder, hidden: int) -> None:
        super().__init__()
        self.encoder = encoder
        channels, size = encoder.channels, encoder.map_size
        self.first = build_convolution(2 * channels, channels, size)
        layers, size = build_rest_of_block(channels, size)
        layers += [build_convolution(channels, channels, size)]
        second_block, (height, width) = build_rest_of_block(channels, size)
        layers += [*second_block, nn.Flatten()]
        layers += [nn.Linear(channels * height * width, hidden), nn.ReLU(), nn.Linear(hidden, 1)]
        self.compare = nn.Sequential(*layers)

    def score(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        maps = support.encode(self.encoder.maps)
        means = class_means(maps.flatten(2), support, ways).unflatten(2, maps.shape[2:])
        pairs = self._convolve_pairs(means, self.encoder.maps(queries))
        present = present_classes(support, ways)[:, None].expand(pairs.shape[:3])
        scores = encode_present(self.compare, pairs, present).squeeze(-1)
        return mask_absent_classes(scores, support, ways)

    def _convolve_pairs(self, means: Tensor, queries: Tensor) -> Tensor:
        """The first convolution of every query-class pair, t x q x ways x c x h x w.

        A convolution of two stacked maps is the sum of two convolutions: each map is convolved
        once, not once per pair.
        """
        of_class, of_query = self.first.weight.chunk(2, dim=1)
        class_maps, query_maps = self._convolve(means, of_class), self._convolve(queries, of_query)
        return class_maps[:, None] + query_maps[:, :, None]

    def _convolve(self, maps: Tensor, weight: Tensor) -> Tensor:
        """t x n x c x h x w by one half of the first convolution's weights."""
        padding = weight.shape[-1] // 2
        return F.conv2d(maps.flatten(0, 1), weight, padding=padding).unflatten(0, maps.shape[:2])

    def loss(self, episodes: Episodes) -> Tensor:
        """Mean squared difference of each pair's probability from 1 (the right class) or 0."""
        scores = self.score(episodes.support, episodes.queries, episodes.ways)
        right = F.one_hot(episodes.truth, episodes.ways).to(scores.dtype)
        present = scores.isfinite()
        return F.mse_loss(scores.sigmoid()[present], right[present])


def build_convolution(planes: int, channels: int, size: tuple[int, int]) -> nn.Conv2d:
    """3 x 3, or 1 x 1 on maps of a single row or column."""
    width = 3 if min(size) > 1 else 1
    return nn.Conv2d(planes, channels, width, padding=width // 2, bias=False)


def build_rest_of_block(
    channels: int, size: tuple[int, int]
) -> tuple[list[nn.Module], tuple[int, int]]:
    """What follows a convolution of maps of this size; the size of its output.

    Maps of a single row or column are not pooled.
    """
    layers: list[nn.Module] = [nn.BatchNorm2d(channels), nn.ReLU()]
    if min(size) == 1:
        return layers, size
    return [*layers, nn.MaxPool2d(2)], (size[0] // 2, size[1] // 2)
