"""Classifiers whose weights differ between tasks: a tuple of tensors, t x ... each.

All t tasks are computed in one batch. Nothing is changed in place, so adapting to a task leaves the
initial weights as they are.

Initial weights have no output layer: every task begins with a zero one, of as many ways as it has
(the zeroing trick of Kao et al. 2022, arXiv:2106.15367). Which class gets which output is random,
so any other initial output layer would be noise that the few steps of a task have to unlearn, and
outputs without a class in the task would take part in its softmax.
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
    """A classifier of vectors: `dim` numbers, `hidden` units, logits of the task's classes."""

    dim: int
    hidden: int

    @property
    def features(self) -> int:
        """Number of inputs of the output layer."""
        return self.hidden

    def initial_weights(self, generator: torch.Generator) -> Weights:
        """Random weights, without the t axis and the output layer."""
        first = torch.randn(self.dim, self.hidden, generator=generator) * (2 / self.dim) ** 0.5
        return first, torch.zeros(1, self.hidden)

    def logits(self, weights: Weights, inputs: Tensor, reference: int | None = None) -> Tensor:
        """t x n x dim unit vectors to t x n x ways; each input is classified independently."""
        hidden, bias, output, output_bias = weights
        # entries of a unit vector are about 1 / sqrt(d): scaled up, the usual initialisation fits
        active = F.relu(torch.baddbmm(bias, inputs * self.dim**0.5, hidden))
        return torch.baddbmm(output_bias, active, output)


@dataclass(frozen=True)
class Conv:
    """The four-block convolutional network, with separate weights for every task.

    A block is convolution, batch norm, ReLU, 2 x 2 pooling. Its batch norm keeps no running means:
    its means are those of the current inputs. Blocks run in half precision where the hardware is
    faster with it: a forward and backward pass of 16 tasks took .028 s on a core with AMX, in
    single precision .064.
    """

    shape: tuple[int, int, int]  # channels, height, width
    channels: int
    blocks: int = 4

    @property
    def features(self) -> int:
        """Number of inputs of the output layer."""
        height, width = (size // 2**self.blocks for size in self.shape[1:])
        return self.channels * height * width

    def initial_weights(self, generator: torch.Generator) -> Weights:
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

        Batch norm averages over the first `reference` inputs of each task, or over all if None:
        with the support set as reference, no query influences another one's logits.
        """
        tasks, count = inputs.shape[:2]
        # all tasks' channels side by side: a grouped convolution keeps them apart
        maps = inputs.transpose(0, 1).flatten(1, 2).contiguous(memory_format=torch.channels_last)
        kind = inputs.device.type
        half = inputs.dtype == torch.float32 and device.multiplies_half(kind)
        with torch.autocast(kind, torch.bfloat16, enabled=half):
            for block in range(self.blocks):
                kernel, scale, shift = weights[3 * block : 3 * block + 3]
                maps = F.conv2d(maps, kernel.flatten(0, 1), padding=1, groups=tasks)
                maps = batch_normalise(maps, reference or count, scale.flatten(), shift.flatten())
                maps = F.max_pool2d(F.relu(maps), 2)
        maps = maps.to(inputs.dtype)
        features = maps.unflatten(1, (tasks, self.channels)).transpose(0, 1).flatten(2)
        return torch.baddbmm(weights[-1], features, weights[-2])


def batch_normalise(maps: Tensor, reference: int, scale: Tensor, shift: Tensor) -> Tensor:
    """n x c x h x w, normalised per channel by mean and variance of the first `reference` maps.

    Means are products with a row of ones: the second-order gradient of F.batch_norm, which MAML
    needs, made a training step take 2.4 times as long. In half precision the variance is off by
    half a percent if the mean is as large as the deviation, and by six if it is four times that.
    """
    rows = maps.permute(0, 2, 3, 1).flatten(0, 2)  # the order in memory
    seen = rows[: reference * maps[0, 0].numel()]
    ones = seen.new_ones(1, len(seen))
    mean, square = ((ones @ values).to(scale.dtype) / len(seen) for values in (seen, seen.square()))
    gain = (square - mean.square()).clamp(min=0).add(EPSILON).rsqrt() * scale
    moved = torch.addcmul((shift - mean * gain).to(rows.dtype), rows, gain.to(rows.dtype))
    return moved.view(len(maps), *maps.shape[2:], -1).permute(0, 3, 1, 2)


def repeat_weights(weights: Weights, tasks: int) -> Weights:
    """s sets of weights (s x ...) repeated for t tasks (t x ...): the first t / s use the first."""
    return tuple(
        tensor[:, None].expand(-1, tasks // len(tensor), *tensor.shape[1:]).flatten(0, 1)
        for tensor in weights
    )


def add_output_layer(network: Dense | Conv, weights: Weights, ways: int) -> Weights:
    """Each task's initial weights (t x ...) with an output layer of zeros."""
    sizes = (network.features, ways), (1, ways)
    return *weights, *(weights[0].new_zeros(len(weights[0]), *size) for size in sizes)
