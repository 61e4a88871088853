"""Classifiers that t tasks adapt each for itself: weights are tuples of tensors, t x ... each.

All t are worked out in one go. Nothing is changed in place, so a start outlives what tasks make of
it and nothing has to be restored after one.

A start has no output layer: every task begins with one of zeros, of as many ways as it has (the
zeroing trick of Kao et al. 2022, arXiv:2106.15367). Which class gets which output is chance, so any
other first output layer would be noise that the few steps of a task have to unlearn, and outputs
that a task has no class for would take part in its softmax.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.system import device

Weights = tuple[Tensor, ...]
EPSILON = 1e-5  # added to variances


@dataclass(frozen=True)
class Dense:
    """Vectors of `dim` numbers through `hidden` units to a task's logits."""

    dim: int
    hidden: int

    @property
    def features(self) -> int:
        """The numbers that the output layer sees."""
        return self.hidden

    def start(self, generator: torch.Generator) -> Weights:
        """Random weights, without the t axis and the output layer."""
        first = torch.randn(self.dim, self.hidden, generator=generator) * (2 / self.dim) ** 0.5
        return first, torch.zeros(1, self.hidden)

    def logits(self, weights: Weights, inputs: Tensor, reference: int | None = None) -> Tensor:
        """t x n x dim unit vectors to t x n x ways; no input has a say in another's."""
        hidden, bias, out, shift = weights
        # a unit vector's entries are about 1 / sqrt(d): scaled up, the usual initialisation fits
        active = F.relu(torch.baddbmm(bias, inputs * self.dim**0.5, hidden))
        return torch.baddbmm(shift, active, out)


@dataclass(frozen=True)
class Conv:
    """The four-block convolutional network, with every task's own weights.

    A block is convolution, batch norm, ReLU, 2 x 2 pooling. Its batch norm has no memory: its
    means are those of the inputs at hand. Blocks work in half precision where that pays: a pass of
    16 tasks forwards and back took .028 s on a core with AMX, in single precision .064.
    """

    shape: tuple[int, int, int]  # channels, height, width
    channels: int
    blocks: int = 4

    @property
    def features(self) -> int:
        """The numbers that the output layer sees."""
        height, width = (number // 2**self.blocks for number in self.shape[1:])
        return self.channels * height * width

    def start(self, generator: torch.Generator) -> Weights:
        """Random weights, without the t axis and the output layer."""
        weights: list[Tensor] = []
        width = self.shape[0]
        for _ in range(self.blocks):
            kernel = torch.randn(self.channels, width, 3, 3, generator=generator)
            weights += [kernel * (2 / (9 * width)) ** 0.5]
            weights += [torch.ones(self.channels), torch.zeros(self.channels)]
            width = self.channels
        return tuple(weights)

    def logits(self, weights: Weights, inputs: Tensor, reference: int | None = None) -> Tensor:
        """t x n x C x H x W to t x n x ways.

        Batch norm takes its means of each task's first `reference` inputs, or of all: with the
        supports as reference, no query has a say in another's answer.
        """
        tasks, count = inputs.shape[:2]
        # all tasks' channels side by side: a convolution in groups keeps them apart
        maps = inputs.transpose(0, 1).flatten(1, 2).contiguous(memory_format=torch.channels_last)
        kind = inputs.device.type
        half = inputs.dtype == torch.float32 and device.multiplies_half(kind)
        with torch.autocast(kind, torch.bfloat16, enabled=half):
            for block in range(self.blocks):
                kernel, scale, shift = weights[3 * block : 3 * block + 3]
                maps = F.conv2d(maps, kernel.flatten(0, 1), padding=1, groups=tasks)
                maps = normalised(maps, reference or count, scale.flatten(), shift.flatten())
                maps = F.max_pool2d(F.relu(maps), 2)
        maps = maps.to(inputs.dtype)
        features = maps.unflatten(1, (tasks, self.channels)).transpose(0, 1).flatten(2)
        return torch.baddbmm(weights[-1], features, weights[-2])


def normalised(maps: Tensor, reference: int, scale: Tensor, shift: Tensor) -> Tensor:
    """n x c x h x w without each channel's mean and spread over the first `reference` maps.

    Means are products with a row of ones: F.batch_norm's own gradient of second order, which MAML
    needs, made a step of learning take 2.4 times as long. In half precision the variance is off by
    half a percent where the mean is as large as the spread, and by six where it is four times that.
    """
    rows = maps.permute(0, 2, 3, 1).flatten(0, 2)  # as they lie in memory
    seen = rows[: reference * maps[0, 0].numel()]
    ones = seen.new_ones(1, len(seen))
    mean, square = ((ones @ one).to(scale.dtype) / len(seen) for one in (seen, seen.square()))
    gain = (square - mean.square()).clamp(min=0).add(EPSILON).rsqrt() * scale
    moved = torch.addcmul((shift - mean * gain).to(rows.dtype), rows, gain.to(rows.dtype))
    return moved.view(len(maps), *maps.shape[2:], -1).permute(0, 3, 1, 2)


def repeated(weights: Weights, times: int) -> Weights:
    """Weights without the t axis as those of `times` tasks."""
    return tuple(one.expand(times, *one.shape) for one in weights)


def begun(network: Dense | Conv, start: Weights, ways: int) -> Weights:
    """Tasks' starts (t x ... each) with the output layer that they begin with."""
    sizes = (network.features, ways), (1, ways)
    return *start, *(start[0].new_zeros(len(start[0]), *size) for size in sizes)
