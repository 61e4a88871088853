"""Batch normalisation by the statistics of a batch that several processes share.

`torch.nn.SyncBatchNorm` does the same for GPUs alone, and in place of the layers, of which timm's
also have an activation; this one keeps the layers, and is tested where there is no GPU.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import TorchFunctionMode


def share_batch_norm(net: nn.Module) -> None:
    """Let every batch normalisation of `net` use the whole batch's statistics while it trains.

    Those that have been folded stay so (`pipeline.models.folding`).
    """
    for module in net.modules():
        if isinstance(module, _BatchNorm) and "forward" not in vars(module):
            module.forward = partial(forward_shared, module)  # type: ignore[method-assign]


def forward_shared(module: _BatchNorm, inputs: Tensor) -> Tensor:
    """The layer's own forward, whatever it does beside normalising."""
    with SharedStatistics():
        return type(module).forward(module, inputs)


class SharedStatistics(TorchFunctionMode):
    """Replaces `F.batch_norm` in training mode by `batch_norm` of this module."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        values = kwargs or {}
        if function is F.batch_norm and values.get("training"):
            return batch_norm(*args, **values)
        return function(*args, **values)


def batch_norm(  # noqa: PLR0913 - the arguments of F.batch_norm
    inputs: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Tensor:
    """`F.batch_norm` in training mode, by mean and variance over the parts of all processes.

    inputs : n x C or n x C x ..., this process's part of the batch
    """
    count, mean, var = measure_whole(inputs)
    if running_mean is not None and running_var is not None:
        running_mean.lerp_(mean.to(running_mean.dtype), momentum)
        unbiased = var * (count / (count - 1).clamp(min=1))
        running_var.lerp_(unbiased.to(running_var.dtype), momentum)
    return Normalise.apply(inputs, mean, (var + eps).rsqrt(), weight, bias, count)


@torch.no_grad()
def measure_whole(inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Values per channel in the whole batch, and their mean and variance (C each), float32."""
    var, mean = torch.var_mean(inputs.float(), channel_axes(inputs), correction=0)
    count = mean.new_full((1,), inputs.numel() / inputs.shape[1])
    parts = mean.new_zeros(distributed.get_world_size(), 2 * len(mean) + 1)
    parts[distributed.get_rank()] = torch.cat([count, mean, var])
    distributed.all_reduce(parts)
    counts, means, variances = parts.split([1, len(mean), len(mean)], dim=1)
    total = counts.sum()
    fractions = counts / total
    mean = (fractions * means).sum(dim=0)
    # no difference of large squares
    var = (fractions * (variances + (means - mean).square())).sum(dim=0)
    return total, mean, var


class Normalise(torch.autograd.Function):
    """(inputs - mean) x scale x weight + bias, mean and scale being those of the whole batch.

    The gradient through both needs two sums over the whole batch (Ioffe and Szegedy 2015,
    arXiv:1502.03167); those of weight and bias are this process's parts, which DDP adds up.
    """

    @staticmethod
    def forward(  # noqa: PLR0913
        ctx: Any,  # noqa: ANN401
        inputs: Tensor,
        mean: Tensor,
        scale: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        count: Tensor,
    ) -> Tensor:
        ctx.save_for_backward(inputs, mean, scale, weight, count)
        outputs = (inputs.float() - spread(mean, inputs)) * spread(scale, inputs)
        if weight is not None:
            outputs *= spread(weight, inputs)
        if bias is not None:
            outputs += spread(bias, inputs)
        return outputs.to(inputs.dtype)

    @staticmethod
    def backward(
        ctx: Any,  # noqa: ANN401
        gradient: Tensor,
    ) -> tuple[Tensor, None, None, Tensor | None, Tensor | None, None]:
        inputs, mean, scale, weight, count = ctx.saved_tensors
        axes, gradient = channel_axes(inputs), gradient.float()
        normal = (inputs.float() - spread(mean, inputs)) * spread(scale, inputs)
        own = torch.stack([gradient.sum(axes), (gradient * normal).sum(axes)])
        whole = own.clone()
        distributed.all_reduce(whole)
        shift, slope = whole / count
        factor = scale if weight is None else scale * weight
        moved = gradient - spread(shift, inputs) - normal * spread(slope, inputs)
        back = (moved * spread(factor, inputs)).to(inputs.dtype)
        _, _, _, has_weight, has_bias, _ = ctx.needs_input_grad
        return back, None, None, own[1] if has_weight else None, own[0] if has_bias else None, None


def channel_axes(inputs: Tensor) -> list[int]:
    """All axes but that of the channels, the second."""
    return [axis for axis in range(inputs.ndim) if axis != 1]


def spread(values: Tensor, inputs: Tensor) -> Tensor:
    """One number per channel in the shape in which it multiplies `inputs`."""
    return values.view(1, -1, *(1 for _ in inputs.shape[2:]))
