"""The networks of timm: their first weights, their stages, their input planes and sizes.

The only module that imports timm by name: the import takes seconds.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from pipeline.models import depthwise, hub, published_neck, state_files, weights
from pipeline.models.without_compiler import without_compiler
from pipeline.system.errors import UserError

with without_compiler():
    import timm
    from timm.layers import Conv2dSame
    from timm.models import group_parameters

logger = logging.getLogger(__name__)

WHOLE = 32  # pixels per cell of the last maps, in nearly every backbone
PUBLISHED = ("imagenet", "pretrained")  # the words for weights that come with the network's name
# what a transformer of a fixed input size must be told to take crops of any
ANY_SIZE: tuple[dict[str, bool], ...] = (
    {"dynamic_img_size": True, "dynamic_img_pad": True},
    {"dynamic_img_size": True},
    {},
)


class Backbone(nn.Module):
    """The attributes of timm's networks that are used here, for type checkers."""

    num_features: int  # of the maps or tokens
    head_hidden_size: int  # of what the network's own head makes of them, before its classifier
    pretrained_cfg: dict
    feature_info: Sequence[dict]
    forward_features: Callable[[Tensor], Tensor]
    forward_head: Callable[..., Tensor]
    group_matcher: Callable[..., dict]
    prune_intermediate_layers: Callable[[list[int]], list[int]]


def build(
    timm_name: str, *, first_weights: str, channels: int, reduction: int, drop_path: float
) -> Backbone:
    """Build a backbone without a classifier, for `channels` input planes.

    first_weights : a word of PUBLISHED, "none", or a file with a state dict
    reduction : see `truncate`
    """
    check_name(timm_name)
    backbone = create(timm_name, drop_path)
    if first_weights != "none":
        load_weights(backbone, first_state_dict(timm_name, first_weights))
        warn_of_licence(timm_name, first_weights)
    truncate(backbone, reduction)
    if channels > 3:
        widen_input(backbone, channels)
    depthwise.replace_depthwise(backbone, Conv2dSame)
    return backbone.to(memory_format=torch.channels_last)


def create(timm_name: str, drop_path: float = 0.0) -> Backbone:
    """Create a network of timm without a classifier, with random weights.

    It takes crops of any size if timm can build it so: position embeddings are interpolated. Raises
    UserError if it has no stochastic depth for a `drop_path` above 0.
    """
    *attempts, plain = ANY_SIZE if may_have_fixed_size(timm_name) else ANY_SIZE[-1:]
    rate = drop_path or None
    for options in attempts:
        try:
            return _create(timm_name, drop_path_rate=rate, **options)
        except TypeError:  # this network does not know the option
            continue
    try:
        return _create(timm_name, drop_path_rate=rate, **plain)
    except TypeError as error:
        raise UserError(f"train.drop_path is {drop_path}: {error}") from None


def _create(timm_name: str, **options: Any) -> Backbone:  # noqa: ANN401
    try:
        return cast(Backbone, timm.create_model(timm_name, num_classes=0, **options))
    except TypeError:
        raise
    except Exception as error:
        if not hub.has_source(timm_name):
            raise
        raise UserError(hub.explain(timm_name, error)) from error


def may_have_fixed_size(timm_name: str) -> bool:
    """Whether the network may take crops of one size alone, unless it is built otherwise."""
    if hub.has_source(timm_name):
        return True
    config = timm.get_pretrained_cfg(timm_name)
    return bool(config and config.fixed_input_size)


def needed_size(backbone: Backbone) -> tuple[int, int] | None:
    """Height and width of the only crops that the network takes; None if it takes any."""
    config = backbone.pretrained_cfg
    if not config.get("fixed_input_size") or getattr(backbone, "dynamic_img_size", False):
        return None
    return tuple(config["input_size"][1:])


def has_maps(backbone: Backbone) -> bool:
    """Whether its features may be maps of n x C x h x w; a transformer's are n x h x w x C."""
    return str(getattr(backbone, "output_fmt", "NCHW")) == "NCHW"


def check_name(timm_name: str) -> None:
    """Raise UserError, with similar names, if timm has no such network."""
    if hub.has_source(timm_name):
        hub.check_folder(timm_name)
    elif not timm.is_model(timm_name):
        close = timm.list_models(f"*{timm_name.split('_')[0]}*")[:8]
        raise UserError(f"timm knows no {timm_name!r}; close to it: {close}")


def has_imagenet_weights(timm_name: str) -> bool:
    """Whether a package or the hub has weights of the network."""
    known = timm_name in weights.DEPTHS or hub.has_source(timm_name)
    return known or timm.is_model_pretrained(timm_name)


def check_published_weights(timm_name: str) -> None:
    """Raise UserError if the weights have to be fetched and the hub cannot be reached."""
    if timm_name in weights.DEPTHS:
        return
    config = None if hub.has_source(timm_name) else timm.get_pretrained_cfg(timm_name)
    hub.check_reachable(timm_name, config.hf_hub_id if config else None)


def is_megadescriptor(timm_name: str, first_weights: str) -> bool:
    """Whether the network is one of MegaDescriptor's, by the names of network and file."""
    return "megadescriptor" in f"{timm_name} {first_weights}".lower()


def warn_of_licence(timm_name: str, first_weights: str) -> None:
    """Tell the user of a licence that forbids some uses."""
    if is_megadescriptor(timm_name, first_weights):
        logger.warning(
            "MegaDescriptor's weights are licensed under CC BY-NC 4.0: not for commercial use"
        )


def first_state_dict(timm_name: str, first_weights: str) -> dict[str, Tensor]:
    """Load the state dict that `first_weights` names: a package's, the hub's, or a file's."""
    if first_weights not in PUBLISHED:
        return read_state_dict(Path(first_weights))
    if timm_name in weights.DEPTHS:
        return weights.lite_state_dict(timm_name)
    try:
        return timm.create_model(timm_name, pretrained=True).state_dict()
    except Exception as error:  # the hub's client raises a dozen kinds
        config = None if hub.has_source(timm_name) else timm.get_pretrained_cfg(timm_name)
        ways = f", set it to none, or take one of {sorted(weights.DEPTHS)}" if config else ""
        repository = config.hf_hub_id if config else None
        raise UserError(hub.explain(timm_name, error, repository) + ways) from error


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read a state dict of backbones.<name>.weights."""
    return state_files.read_state_dict(path, "backbones.<name>.weights")


def load_weights(backbone: Backbone, state: dict[str, Tensor]) -> None:
    """Load every tensor of the backbone; only a classifier's may be left over.

    The backbone's part of a larger network, and names or position embeddings of other versions and
    sizes are converted; by timm where it knows how. Raises UserError if the weights are those of
    another network.
    """
    expected = backbone.state_dict()
    state = published_neck.backbone_part(state)
    if any(key not in state or value.shape != state[key].shape for key, value in expected.items()):
        state = convert(backbone, state)
    resized = [k for k in expected if k in state and expected[k].shape != state[k].shape]
    if resized:
        raise UserError(f"weights don't fit: {resized[:5]} have another shape")
    missing, unexpected = backbone.load_state_dict(state, strict=False)
    head = backbone.pretrained_cfg.get("classifier") or "head"
    heads = (head,) if isinstance(head, str) else tuple(head)
    unknown = [key for key in unexpected if not key.startswith(heads)]
    if missing or unknown:
        raise UserError(f"weights don't fit: missing {missing[:5]}, not known {unknown[:5]}")


def convert(backbone: Backbone, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict in the network's own names and sizes, as timm converts published ones."""
    module = sys.modules[type(backbone).__module__]
    converter = getattr(module, "checkpoint_filter_fn", None)
    return converter(dict(state), backbone) if converter else state


def truncate(backbone: Backbone, reduction: int) -> None:
    """End the backbone at its last stage whose maps have one cell per `reduction` pixels.

    A backbone that reduces no further stays whole, and so does a transformer. Raises UserError if
    no stage ends there.
    """
    if backbone.pretrained_cfg.get("fixed_input_size") or not has_maps(backbone):
        return
    ends = [stage["reduction"] for stage in backbone.feature_info]
    if ends[-1] <= reduction:
        return
    if reduction not in ends:
        raise UserError(f"train.reduction is {reduction}, the backbone's stages end at {ends}")
    backbone.prune_intermediate_layers([len(ends) - 1 - ends[::-1].index(reduction)])


def widen_input(backbone: Backbone, channels: int) -> None:
    """Give the first convolution more input planes; their weights of 0 leave RGB's result alone.

    A transformer's is that of its patches. Raises UserError if there is no such convolution.
    """
    name = backbone.pretrained_cfg.get("first_conv")
    convolution = backbone.get_submodule(name) if isinstance(name, str) else None
    if not isinstance(convolution, nn.Conv2d):
        raise UserError(f"train.channels is {channels}, but the network's input takes 3 alone")
    old = convolution.weight
    extra = old.new_zeros(old.shape[0], channels - old.shape[1], *old.shape[2:])
    convolution.weight = nn.Parameter(torch.cat([old.detach(), extra], dim=1))
    convolution.in_channels = channels


def first_stage_parameters(backbone: Backbone, stages: int) -> list[str]:
    """Names of the parameters in the first `stages` of the backbone's stages, stem included.

    A stage of a transformer without stages is a block.
    """
    groups = group_parameters(backbone, backbone.group_matcher(coarse=True))
    order = sorted(groups)
    if stages > len(order):
        raise UserError(f"train.frozen_stages is {stages}, the backbone has {len(order)} stages")
    return [name for key in order[:stages] for name in groups[key]]


def first_convolution(backbone: Backbone) -> str:
    """Name of the first convolution's weight, which the input's planes are multiplied by."""
    return f"{backbone.pretrained_cfg['first_conv']}.weight"
