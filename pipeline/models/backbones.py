"""The convolutional networks of timm: their first weights, their stages, their input planes.

The only module that imports timm by name: the import takes seconds.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import timm
import torch
from safetensors.torch import load_file
from timm.models import group_parameters
from torch import Tensor, nn

from pipeline.models import weights

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
    backbone = cast(
        ConvNet, timm.create_model(timm_name, num_classes=0, drop_path_rate=drop_path or None)
    )
    if first_weights != "none":
        load_weights(backbone, first_state_dict(timm_name, first_weights))
    truncate(backbone, reduction)
    if channels > 3:
        widen_input(backbone, channels)
    return backbone.to(memory_format=torch.channels_last)


def check_name(timm_name: str) -> None:
    """Raise ValueError, with similar names, if timm has no such network."""
    if not timm.is_model(timm_name):
        close = timm.list_models(f"*{timm_name.split('_')[0]}*")[:8]
        raise ValueError(f"timm knows no {timm_name!r}; close to it: {close}")


def first_state_dict(timm_name: str, first_weights: str) -> dict[str, Tensor]:
    """Load the state dict that `first_weights` names: a package's, timm's hub's, or a file's."""
    if first_weights != "imagenet":
        return read_state_dict(Path(first_weights))
    if timm_name in weights.DEPTHS:
        return weights.lite_state_dict(timm_name)
    try:
        return timm.create_model(timm_name, pretrained=True).state_dict()
    except Exception as error:  # the hub's client raises a dozen kinds
        raise RuntimeError(
            f"the ImageNet weights of {timm_name} cannot be fetched from timm's hub "
            f"({type(error).__name__}). Ways out: give backbones.<name>.weights the path of a "
            f".safetensors or .pth file, set it to none, or take one of {sorted(weights.DEPTHS)}"
        ) from error


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read a state dict from a .safetensors or .pth file; only tensors are unpickled."""
    if not path.is_file():
        raise FileNotFoundError(f"backbones.<name>.weights: there is no file {path}")
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def load_weights(backbone: ConvNet, state: dict[str, Tensor]) -> None:
    """Load every tensor of the backbone; only a classifier's may be left over.

    Raises ValueError if the weights are those of another network.
    """
    expected = backbone.state_dict()
    resized = [k for k in expected if k in state and expected[k].shape != state[k].shape]
    if resized:
        raise ValueError(f"weights don't fit: {resized[:5]} have another shape")
    missing, unexpected = backbone.load_state_dict(state, strict=False)
    head = backbone.pretrained_cfg["classifier"]
    heads = (head,) if isinstance(head, str) else head
    unknown = [key for key in unexpected if not key.startswith(heads)]
    if missing or unknown:
        raise ValueError(f"weights don't fit: missing {missing[:5]}, not known {unknown[:5]}")


def truncate(backbone: ConvNet, reduction: int) -> None:
    """End the backbone at its last stage whose maps have one cell per `reduction` pixels.

    A backbone that reduces no further stays whole. Raises ValueError if no stage ends there.
    """
    ends = [stage["reduction"] for stage in backbone.feature_info]
    if ends[-1] <= reduction:
        return
    if reduction not in ends:
        raise ValueError(f"train.reduction is {reduction}, the backbone's stages end at {ends}")
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
        raise ValueError(f"train.frozen_stages is {stages}, the backbone has {len(order)} stages")
    return [name for key in order[:stages] for name in groups[key]]


def first_convolution(backbone: ConvNet) -> str:
    """Name of the first convolution's weight, which the input's planes are multiplied by."""
    return f"{backbone.pretrained_cfg['first_conv']}.weight"
