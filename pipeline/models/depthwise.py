"""Depthwise convolutions, two gradients of which are slow on a CPU.

oneDNN computes the kernels' gradient channel by channel if a kernel has at most three columns;
wider ones go another way that multiplies 16 channels by 16. With 672 channels of 5 x 10 and kernels
of 5 x 5, a batch of 28 takes 11 ms that way and less than half in two parts of three columns.

In half precision the maps' gradient of a stride of 2 takes a hundred times longer than in float32
(240 channels of 10 x 20: 49 and .5 ms), so it is computed in float32.
"""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

PART = 3  # columns


class DepthwiseConv(nn.Conv2d):
    """A depthwise convolution that trains fast on a CPU; elsewhere it is `nn.Conv2d`.

    same : pads as TensorFlow does, by the input's size
    """

    trains_in_half = True  # `pipeline.system.device` asks for it

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
        half = torch.is_autocast_enabled("cpu")
        if not (maps.is_cpu and self.weight.requires_grad and (half or is_wide(self))):
            return self._conv_forward(maps, self.weight, self.bias)
        kind = torch.get_autocast_dtype("cpu") if half else maps.dtype
        bias = None if self.bias is None else self.bias.to(kind)
        padding = cast(tuple[int, int], self.padding)
        with torch.autocast("cpu", enabled=False):
            return _Convolution.apply(
                maps.to(kind), self.weight.to(kind), bias, self.stride, padding
            )


def replace_depthwise(backbone: nn.Module, same: type[nn.Conv2d]) -> None:
    """Replace every depthwise convolution; names, weights and results stay.

    same : the class of those that pad as TensorFlow does
    """
    for name, module in list(backbone.named_modules()):
        if type(module) in (nn.Conv2d, same) and is_depthwise(module):
            backbone.set_submodule(name, DepthwiseConv(module, isinstance(module, same)))


def pad_same(maps: Tensor, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """Pad by zeros, so that a convolution has size / stride results, rounded up."""
    pads: list[int] = []
    for size, width, step in zip(maps.shape[:1:-1], kernel[::-1], stride[::-1], strict=True):
        total = max((-(-size // step) - 1) * step + width - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(maps, pads)


def is_depthwise(convolution: nn.Conv2d) -> bool:
    """Whether each channel has one kernel of its own, that sees neighbouring pixels."""
    c = convolution
    channels = c.in_channels == c.out_channels == c.groups > 1
    plain = c.dilation == (1, 1) and c.padding_mode == "zeros" and not isinstance(c.padding, str)
    return channels and plain


def is_wide(convolution: nn.Conv2d) -> bool:
    """Whether the kernels have more than three columns."""
    return convolution.kernel_size[1] > PART


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
    """Gradient of the kernels, C x 1 x h x w, by parts of at most three columns."""
    columns, result = weight.shape[3], torch.empty_like(weight)
    if columns <= PART:
        return differentiate(gradient, maps, weight, stride, padding, 1)
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
    if which == 0 and maps.dtype != torch.float32 and max(stride) > 1:
        wide = differentiate(gradient.float(), maps.float(), weight.float(), stride, padding, 0)
        return wide.to(maps.dtype)
    mask = [which == 0, which == 1, False]
    gradients = torch.ops.aten.convolution_backward.default
    return gradients(
        gradient, maps, weight, None, stride, padding, (1, 1), False, (0, 0), len(weight), mask
    )[which]
