"""Depthwise convolutions with wide kernels, whose weights' gradient is slow on a CPU.

oneDNN computes it channel by channel if a kernel has at most three columns; wider ones go another
way that multiplies 16 channels by 16. With 672 channels of 5 x 10 and kernels of 5 x 5, a batch of
28 takes 11 ms that way and less than half in two parts of three columns.
"""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

PART = 3  # columns


class WideDepthwise(nn.Conv2d):
    """A depthwise convolution that trains fast on a CPU; elsewhere it is `nn.Conv2d`.

    same : pads as TensorFlow does, by the input's size
    """

    def __init__(self, convolution: nn.Conv2d, same: bool) -> None:
        """Take the place of another convolution, with its parameters."""
        c = convolution
        super().__init__(
            *(c.in_channels, c.out_channels),
            kernel_size=cast(tuple[int, int], c.kernel_size),
            stride=cast(tuple[int, int], c.stride),
            padding=cast(tuple[int, int], c.padding),
            groups=c.groups,
            bias=c.bias is not None,
            device="meta",
        )
        self.weight, self.bias = c.weight, c.bias
        self.same = same

    def forward(self, maps: Tensor) -> Tensor:
        if self.same:
            maps = pad_same(maps, self.kernel_size, self.stride)
        if not maps.is_cpu or torch.is_autocast_enabled("cpu") or not self.weight.requires_grad:
            return self._conv_forward(maps, self.weight, self.bias)
        padding = cast(tuple[int, int], self.padding)
        return _Convolution.apply(maps, self.weight, self.bias, self.stride, padding)


def replace_wide(backbone: nn.Module, same: type[nn.Conv2d]) -> None:
    """Replace every wide depthwise convolution; names, weights and results stay.

    same : the class of those that pad as TensorFlow does
    """
    for name, module in list(backbone.named_modules()):
        if type(module) in (nn.Conv2d, same) and is_wide(module):
            backbone.set_submodule(name, WideDepthwise(module, isinstance(module, same)))


def pad_same(maps: Tensor, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """Pad by zeros, so that a convolution has size / stride results, rounded up."""
    pads: list[int] = []
    for size, width, step in zip(maps.shape[:1:-1], kernel[::-1], stride[::-1], strict=True):
        total = max((-(-size // step) - 1) * step + width - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(maps, pads)


def is_wide(convolution: nn.Conv2d) -> bool:
    """Whether each channel has one kernel of its own, of more than three columns."""
    c = convolution
    channels = c.in_channels == c.out_channels == c.groups > 1
    plain = c.dilation == (1, 1) and c.padding_mode == "zeros" and not isinstance(c.padding, str)
    return channels and plain and c.kernel_size[1] > PART


class _Convolution(torch.autograd.Function):
    """The convolution, with its weights' gradient in parts."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        maps: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: tuple[int, int],
        padding: tuple[int, int],
    ) -> Tensor:
        ctx.save_for_backward(maps, weight)
        ctx.stride, ctx.padding, ctx.biased = stride, padding, bias is not None
        return F.conv2d(maps, weight, bias, stride, padding, groups=len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        maps, weight = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        to_maps = None
        if ctx.needs_input_grad[0]:
            to_maps = differentiate(gradient, maps, weight, ctx.stride, ctx.padding, 0)
        to_weight = weight_gradient(gradient, maps, weight, ctx.stride, ctx.padding)
        to_bias = gradient.sum((0, 2, 3)) if ctx.biased else None
        return to_maps, to_weight, to_bias, None, None


def weight_gradient(
    gradient: Tensor,
    maps: Tensor,
    weight: Tensor,
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> Tensor:
    """Gradient of the kernels, C x 1 x h x w, by parts of three columns."""
    columns, result = weight.shape[3], torch.empty_like(weight)
    width = (gradient.shape[3] - 1) * stride[1] + PART  # of the maps that a part sees
    for start in [*range(0, columns - PART, PART), columns - PART]:
        left = padding[1] - start
        part = F.pad(maps, (left, width - maps.shape[3] - left))
        kernels = weight[:, :, :, start : start + PART]
        result[:, :, :, start : start + PART] = differentiate(
            gradient, part, kernels, stride, (padding[0], 0), 1
        )
    return result


def differentiate(
    gradient: Tensor,
    maps: Tensor,
    weight: Tensor,
    stride: tuple[int, int],
    padding: tuple[int, int],
    which: int,
) -> Tensor:
    """Gradient of a depthwise convolution's maps (`which` 0) or kernels (1)."""
    mask = [which == 0, which == 1, False]
    gradients = torch.ops.aten.convolution_backward.default
    return gradients(
        gradient, maps, weight, None, stride, padding, (1, 1), False, (0, 0), len(weight), mask
    )[which]
