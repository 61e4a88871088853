"""Relation network: a learned comparison (Sung et al. 2018, arXiv:1711.06025)."""

import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.fewshot.encoders import Encoder
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.tasks import Episodes, Support, class_means, of_real, present, without_absent


class Relation(Learner):
    """A small network sees a class's mean feature maps and the query's, one over the other.

    The published encoder pools twice only, so that maps of some size are compared. Scores are the
    network's logits; it learns to say 1 for the right class and 0 for others by squared errors, as
    published.
    """

    def __init__(self, encoder: Encoder, hidden: int) -> None:
        super().__init__()
        self.encoder = encoder
        channels, (height, width) = encoder.channels, encoder.side
        layers: list[nn.Module] = []
        for planes in (2 * channels, channels):
            large = min(height, width) > 1
            side = 3 if large else 1
            layers += [nn.Conv2d(planes, channels, side, padding=side // 2, bias=False)]
            layers += [nn.BatchNorm2d(channels), nn.ReLU()]
            if large:
                layers += [nn.MaxPool2d(2)]
                height, width = height // 2, width // 2
        layers += [nn.Flatten(), nn.Linear(channels * height * width, hidden), nn.ReLU()]
        self.both, *rest = layers
        self.compare = nn.Sequential(*rest, nn.Linear(hidden, 1))

    def scores(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        maps = support.encoded(self.encoder.maps)
        means = class_means(maps.flatten(2), support, ways).unflatten(2, maps.shape[2:])
        asked = self.encoder.maps(queries)
        # a convolution of two maps, one over the other, is a sum of two convolutions: each map is
        # convolved once, not once a pair
        over, under = self.both.weight.chunk(2, dim=1)
        pairs = self.convolved(means, over)[:, None] + self.convolved(asked, under)[:, :, None]
        real = present(support, ways)[:, None].expand(pairs.shape[:3])
        told = of_real(self.compare, pairs, real).squeeze(-1)
        return without_absent(told, support, ways)

    def convolved(self, maps: Tensor, weight: Tensor) -> Tensor:
        """t x n x c x h x w by a part of the first convolution's weights."""
        found = F.conv2d(maps.flatten(0, 1), weight, padding=self.both.padding)
        return found.unflatten(0, maps.shape[:2])

    def loss(self, episodes: Episodes) -> Tensor:
        """Mean squared difference of each pair's probability from 1 (the right class) or 0."""
        scores = self.scores(episodes.support, episodes.queries, episodes.ways)
        right = F.one_hot(episodes.truth, episodes.ways).to(scores.dtype)
        real = scores.isfinite()
        return F.mse_loss(scores.sigmoid()[real], right[real])
