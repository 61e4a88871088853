"""Batch normalisation folded into the convolution before it.

With fixed statistics both are linear, so that one convolution does the work of both. It saves a
pass over the maps, which takes a CPU as long as many a convolution.
"""

from collections.abc import Callable
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

Pair = tuple[nn.Conv2d, nn.BatchNorm2d]
TOLERANCE = (
    0.01  # of a folded network's results, as a fraction of the largest; TF32 has three digits
)


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
        elif id(inputs[0]) in producers and is_batch_norm(module):
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
def fold_pairs(modules: set[nn.Module], run: Callable[[], Tensor], network: nn.Module) -> None:
    """Fold all pairs of these modules of a network in eval mode.

    run : runs the network once, on the device where it will run

    A convolution that something else reads before its normalisation can't be folded (the shortcut
    of a pre-activated residual network): if the result changes, all is as before.
    """
    pairs = [pair for pair in find_pairs(network, run) if modules.issuperset(pair)]
    before = run()
    for pair in pairs:
        fold_frozen(*pair)
    largest = before.abs().max().item()
    if not torch.allclose(run(), before, rtol=0, atol=TOLERANCE * largest):
        for pair in pairs:
            unfold(*pair)


@torch.no_grad()
def fold_frozen(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """Let a convolution do the work of the normalisation behind it, which then only activates.

    For layers that never change again. Their parameters stay registered as they are, so that a
    state dict is that of the network as it was built; they are no longer read.
    """
    weight, bias = fuse(convolution, norm)
    # an object's own attributes are found before what a module has registered
    own: dict[str, Any] = vars(convolution)
    own["weight"] = weight.detach().contiguous(memory_format=torch.channels_last)
    own["bias"] = bias.detach()
    vars(norm)["forward"] = find_activation(norm)


def unfold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """Undo `fold_frozen`."""
    del vars(convolution)["weight"], vars(convolution)["bias"], vars(norm)["forward"]


def is_batch_norm(module: nn.Module) -> TypeGuard[nn.BatchNorm2d]:
    """Whether a module is a batch normalisation that has not been folded."""
    return isinstance(module, nn.BatchNorm2d) and "forward" not in vars(module)


def fuse(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[nn.Parameter, nn.Parameter]:
    """Weight and bias of the convolution that does the work of both."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None and variance is not None  # for type checkers
    return fuse_conv_bn_weights(
        convolution.weight, convolution.bias, mean, variance, norm.eps, norm.weight, norm.bias
    )


def find_activation(norm: nn.BatchNorm2d) -> nn.Module:
    """What is left of a folded norm: timm's applies an activation as well."""
    return getattr(norm, "act", nn.Identity())
