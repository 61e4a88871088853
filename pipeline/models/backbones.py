"""The convolutional networks of timm: their first weights, their stages, their input planes.

The only module that imports timm by name (importing it costs seconds in every process that does).
"""

from pathlib import Path

import timm
import torch
from safetensors.torch import load_file
from timm.models import group_parameters
from torch import Tensor, nn

from pipeline.models import weights

WHOLE = 32  # pixels of a crop's side to a cell of the last maps, in nearly every backbone


def build(
    timm_name: str, *, first_weights: str, channels: int, reduction: int, drop_path: float
) -> nn.Module:
    """A backbone without a classifier, for `channels` input planes.

    first_weights : "imagenet", "none", or a file with a state dict
    reduction : see `shorten`
    """
    check(timm_name)
    backbone = timm.create_model(timm_name, num_classes=0, drop_path_rate=drop_path or None)
    if first_weights != "none":
        load(backbone, first_state(timm_name, first_weights))
    shorten(backbone, reduction)
    if channels > 3:
        widen_input(backbone, channels)
    return backbone.to(memory_format=torch.channels_last)


def check(timm_name: str) -> None:
    """Raises ValueError, with names that are close, where timm has no such network."""
    if not timm.is_model(timm_name):
        close = timm.list_models(f"*{timm_name.split('_')[0]}*")[:8]
        raise ValueError(f"timm knows no {timm_name!r}; close to it: {close}")


def first_state(timm_name: str, first_weights: str) -> dict[str, Tensor]:
    """The state dict that `first_weights` names: packaged, from timm's hub, or from a file."""
    if first_weights != "imagenet":
        return read_state(Path(first_weights))
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


def read_state(path: Path) -> dict[str, Tensor]:
    """A state dict from a .safetensors or .pth file; never unpickles anything but tensors."""
    if not path.is_file():
        raise FileNotFoundError(f"backbones.<name>.weights: there is no file {path}")
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def load(backbone: nn.Module, state: dict[str, Tensor]) -> None:
    """Load every tensor of the backbone; only the classifier's may be left over."""
    own = backbone.state_dict()
    resized = [key for key in own if key in state and own[key].shape != state[key].shape]
    if resized:
        raise ValueError(f"weights don't fit: {resized[:5]} have another shape")
    missing, unexpected = backbone.load_state_dict(state, strict=False)
    head = backbone.pretrained_cfg["classifier"]
    heads = (head,) if isinstance(head, str) else head
    foreign = [key for key in unexpected if not key.startswith(heads)]
    if missing or foreign:
        raise ValueError(f"weights don't fit: missing {missing[:5]}, not known {foreign[:5]}")


def shorten(backbone: nn.Module, reduction: int) -> None:
    """End the backbone at its last stage whose maps have a cell for every `reduction` pixels.

    A backbone that goes no further than that stays whole. Raises ValueError where no stage ends
    there.
    """
    ends = [stage["reduction"] for stage in backbone.feature_info]
    if ends[-1] <= reduction:
        return
    if reduction not in ends:
        raise ValueError(f"train.reduction is {reduction}, the backbone's stages end at {ends}")
    backbone.prune_intermediate_layers([len(ends) - 1 - ends[::-1].index(reduction)])


def widen_input(backbone: nn.Module, channels: int) -> None:
    """Give the first convolution more input planes; theirs start at 0, so RGB answers as before."""
    name = backbone.pretrained_cfg["first_conv"]
    convolution = backbone.get_submodule(name)
    old = convolution.weight
    extra = old.new_zeros(old.shape[0], channels - old.shape[1], *old.shape[2:])
    convolution.weight = nn.Parameter(torch.cat([old.detach(), extra], dim=1))
    convolution.in_channels = channels


def first_stages(backbone: nn.Module, stages: int) -> list[str]:
    """Names of the parameters in the first `stages` of the backbone's stages, stem included."""
    groups = group_parameters(backbone, backbone.group_matcher(coarse=True))
    order = sorted(groups)
    if stages > len(order):
        raise ValueError(f"train.frozen_stages is {stages}, the backbone has {len(order)} stages")
    return [name for key in order[:stages] for name in groups[key]]


def first_convolution(backbone: nn.Module) -> str:
    """The name of the parameter that the input's planes are weighted by."""
    return f"{backbone.pretrained_cfg['first_conv']}.weight"
