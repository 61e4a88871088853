"""Relation network: a learned comparison (Sung et al. 2018, arXiv:1711.06025)."""

import torch
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
        self.compare = nn.Sequential(*layers, nn.Linear(hidden, 1))

    def scores(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        maps = support.encoded(self.encoder.maps)
        means = class_means(maps.flatten(2), support, ways).unflatten(2, maps.shape[2:])
        asked = self.encoder.maps(queries)
        tasks, count = asked.shape[:2]
        pairs = torch.cat(
            [
                means[:, None].expand(tasks, count, *means.shape[1:]),
                asked[:, :, None].expand(tasks, count, ways, *asked.shape[2:]),
            ],
            dim=3,
        )
        real = present(support, ways)[:, None].expand(tasks, count, ways)
        told = of_real(self.compare, pairs, real).squeeze(-1)
        return without_absent(told, support, ways)

    def loss(self, episodes: Episodes) -> Tensor:
        """Mean squared difference of each pair's probability from 1 (the right class) or 0."""
        scores = self.scores(episodes.support, episodes.queries, episodes.ways)
        right = F.one_hot(episodes.truth, episodes.ways).to(scores.dtype)
        real = scores.isfinite()
        return F.mse_loss(scores.sigmoid()[real], right[real])
