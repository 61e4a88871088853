"""The convolutional networks of timm: their first weights, their stages, their input planes.

The only module that imports timm by name: the import takes seconds.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from pipeline.models import depthwise, weights
from pipeline.models.without_compiler import without_compiler
from pipeline.system.errors import UserError

with without_compiler():
    import timm
    from timm.layers import Conv2dSame
    from timm.models import group_parameters

WHOLE = 32  # pixels per cell of the last maps, in nearly every backbone


class ConvNet(nn.Module):
    """The attributes of timm's networks that are used here, for type checkers."""

    num_features: int
    pretrained_cfg: dict
    feature_info: Sequence[dict]
    forward_features: Callable[[Tensor], Tensor]
    group_matcher: Callable[..., dict]
    prune_intermediate_layers: Callable[[list[int]], list[int]]


def build(
    timm_name: str, *, first_weights: str, channels: int, reduction: int, drop_path: float
) -> ConvNet:
    """Build a backbone without a classifier, for `channels` input planes.

    first_weights : "imagenet", "none", or a file with a state dict
    reduction : see `truncate`
    """
    check_name(timm_name)
    backbone = create(timm_name, drop_path)
    if first_weights != "none":
        load_weights(backbone, first_state_dict(timm_name, first_weights))
    truncate(backbone, reduction)
    if channels > 3:
        widen_input(backbone, channels)
    depthwise.replace_depthwise(backbone, Conv2dSame)
    return backbone.to(memory_format=torch.channels_last)


def create(timm_name: str, drop_path: float = 0.0) -> ConvNet:
    """Create a network of timm without a classifier, with random weights.

    Raises UserError if it has no stochastic depth for a `drop_path` above 0.
    """
    try:
        network = timm.create_model(timm_name, num_classes=0, drop_path_rate=drop_path or None)
    except TypeError as error:
        raise UserError(f"train.drop_path is {drop_path}: {error}") from None
    return cast(ConvNet, network)


def check_name(timm_name: str) -> None:
    """Raise UserError, with similar names, if timm has no such network."""
    if not timm.is_model(timm_name):
        close = timm.list_models(f"*{timm_name.split('_')[0]}*")[:8]
        raise UserError(f"timm knows no {timm_name!r}; close to it: {close}")


def has_imagenet_weights(timm_name: str) -> bool:
    """Whether a package or timm's hub has ImageNet weights of the network."""
    return timm_name in weights.DEPTHS or timm.is_model_pretrained(timm_name)


def first_state_dict(timm_name: str, first_weights: str) -> dict[str, Tensor]:
    """Load the state dict that `first_weights` names: a package's, timm's hub's, or a file's."""
    if first_weights != "imagenet":
        return read_state_dict(Path(first_weights))
    if timm_name in weights.DEPTHS:
        return weights.lite_state_dict(timm_name)
    try:
        return timm.create_model(timm_name, pretrained=True).state_dict()
    except Exception as error:  # the hub's client raises a dozen kinds
        raise UserError(
            f"the ImageNet weights of {timm_name} cannot be fetched from timm's hub "
            f"({type(error).__name__}). Ways out: give backbones.<name>.weights the path of a "
            f".safetensors or .pth file, set it to none, or take one of {sorted(weights.DEPTHS)}"
        ) from error


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read a state dict from a .safetensors or .pth file; only tensors are unpickled."""
    if not path.is_file():
        raise UserError(f"backbones.<name>.weights: there is no file {path}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file, or one with more than tensors
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"backbones.<name>.weights: {path} can't be read: {reason}") from None
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise UserError(f"backbones.<name>.weights: {path} holds no state dict")
    return state


def load_weights(backbone: ConvNet, state: dict[str, Tensor]) -> None:
    """Load every tensor of the backbone; only a classifier's may be left over.

    Raises UserError if the weights are those of another network.
    """
    expected = backbone.state_dict()
    resized = [k for k in expected if k in state and expected[k].shape != state[k].shape]
    if resized:
        raise UserError(f"weights don't fit: {resized[:5]} have another shape")
    missing, unexpected = backbone.load_state_dict(state, strict=False)
    head = backbone.pretrained_cfg["classifier"]
    heads = (head,) if isinstance(head, str) else head
    unknown = [key for key in unexpected if not key.startswith(heads)]
    if missing or unknown:
        raise UserError(f"weights don't fit: missing {missing[:5]}, not known {unknown[:5]}")


def truncate(backbone: ConvNet, reduction: int) -> None:
    """End the backbone at its last stage whose maps have one cell per `reduction` pixels.

    A backbone that reduces no further stays whole. Raises UserError if no stage ends there.
    """
    ends = [stage["reduction"] for stage in backbone.feature_info]
    if ends[-1] <= reduction:
        return
    if reduction not in ends:
        raise UserError(f"train.reduction is {reduction}, the backbone's stages end at {ends}")
    backbone.prune_intermediate_layers([len(ends) - 1 - ends[::-1].index(reduction)])


def widen_input(backbone: ConvNet, channels: int) -> None:
    """Give the first convolution more input planes; their weights of 0 leave RGB's result alone."""
    name = backbone.pretrained_cfg["first_conv"]
    convolution = cast(nn.Conv2d, backbone.get_submodule(name))
    old = convolution.weight
    extra = old.new_zeros(old.shape[0], channels - old.shape[1], *old.shape[2:])
    convolution.weight = nn.Parameter(torch.cat([old.detach(), extra], dim=1))
    convolution.in_channels = channels


def first_stage_parameters(backbone: ConvNet, stages: int) -> list[str]:
    """Names of the parameters in the first `stages` of the backbone's stages, stem included."""
    groups = group_parameters(backbone, backbone.group_matcher(coarse=True))
    order = sorted(groups)
    if stages > len(order):
        raise UserError(f"train.frozen_stages is {stages}, the backbone has {len(order)} stages")
    return [name for key in order[:stages] for name in groups[key]]


def first_convolution(backbone: ConvNet) -> str:
    """Name of the first convolution's weight, which the input's planes are multiplied by."""
    return f"{backbone.pretrained_cfg['first_conv']}.weight"
