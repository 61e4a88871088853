"""Batch normalisation folded into the convolution before it.

With fixed statistics both are linear, so that one convolution does the work of both. It saves a
pass over the maps, which takes a CPU as long as many a convolution.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

Pair = tuple[nn.Conv2d, nn.BatchNorm2d]


@torch.no_grad()
def find_pairs(network: nn.Module, run: Callable[[], object]) -> list[Pair]:
    """The convolutions whose output goes into a batch normalisation, each with that one.

    run : runs the network once, which shows what follows what
    """
    producers: dict[int, tuple[nn.Conv2d, Tensor]] = {}  # the tensors live, so ids are unique
    pairs: list[Pair] = []

    def remember(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            producers[id(output)] = module, output
        elif id(inputs[0]) in producers and isinstance(module, nn.BatchNorm2d):
            pairs.append((producers[id(inputs[0])][0], module))

    kinds = nn.Conv2d | nn.BatchNorm2d
    hooks = [m.register_forward_hook(remember) for m in network.modules() if isinstance(m, kinds)]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    return pairs


@torch.no_grad()
def fold_frozen(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """Let a convolution do the work of the normalisation behind it, which then only activates.

    For layers that never change again. Their parameters stay registered as they are, so that a
    state dict is that of the network as it was built; they are no longer read.
    """
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None and variance is not None  # for type checkers
    weight, bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, mean, variance, norm.eps, norm.weight, norm.bias
    )
    # an object's own attributes are found before what a module has registered
    own: dict[str, Any] = vars(convolution)
    own["weight"] = weight.detach().contiguous(memory_format=torch.channels_last)
    own["bias"] = bias.detach()
    # timm's normalisation applies the activation as well
    vars(norm)["forward"] = getattr(norm, "act", nn.Identity())
