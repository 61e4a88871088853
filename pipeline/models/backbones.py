"""Networks of timm as backbones: built with their weights and input planes, and taken apart."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from pipeline.models import depthwise, initial_weights, timm_networks
from pipeline.models.timm_networks import Backbone
from pipeline.system.errors import UserError

WHOLE = 32  # pixels per cell of the last maps, in nearly every backbone


def build(
    timm_name: str, *, first_weights: str, channels: int, reduction: int, drop_path: float
) -> Backbone:
    """Build a backbone without a classifier, for `channels` input planes.

    first_weights : a word of `initial_weights.PUBLISHED`, "none", or a file with a state dict
    reduction : see `truncate`
    """
    timm_networks.check_name(timm_name)
    state = None
    if first_weights != "none":
        state = initial_weights.first_state_dict(timm_name, first_weights)
        initial_weights.warn_of_licence(timm_name, first_weights)
    return assemble(timm_name, state, channels, reduction, drop_path)


def assemble(
    timm_name: str,
    state: dict[str, Tensor] | None,
    channels: int,
    reduction: int,
    drop_path: float = 0.0,
) -> Backbone:
    """Build a backbone with the weights of a state dict; random ones without.

    state : of the whole network, or of one that is truncated and widened like this one, as a
        member's is

    Raises UserError if the weights are those of another network.
    """
    backbone = timm_networks.create(timm_name, drop_path)
    is_loaded = state is None or initial_weights.load_whole(backbone, state)
    truncate(backbone, reduction)
    if channels > 3:
        widen_input(backbone, channels)
    depthwise.replace_depthwise(backbone, timm_networks.SAME_PADDED)
    if state is not None and not is_loaded:
        initial_weights.load_member(backbone, state)
    return backbone.to(memory_format=torch.channels_last)


def needed_size(backbone: Backbone) -> tuple[int, int] | None:
    """Height and width of the only crops that the network takes; None if it takes any."""
    config = backbone.pretrained_cfg
    if not config.get("fixed_input_size") or getattr(backbone, "dynamic_img_size", False):
        return None
    return tuple(config["input_size"][1:])


def has_maps(backbone: Backbone) -> bool:
    """Whether its features may be maps of n x C x h x w; a transformer's are n x h x w x C."""
    return str(getattr(backbone, "output_fmt", "NCHW")) == "NCHW"


def gives_tokens(backbone: Backbone, channels: int) -> bool:
    """Whether its features are n x tokens x C, by showing it a crop; nothing is computed.

    channels : planes of a crop
    """
    training, features = backbone.training, Features(backbone.eval())
    state = [*features.named_parameters(), *features.named_buffers()]
    without_values = {name: tensor.to("meta") for name, tensor in state}
    size = backbone.pretrained_cfg["input_size"][1:]
    crop = torch.zeros(1, channels, *size, device="meta")
    with torch.no_grad():
        found = functional_call(features, without_values, (crop,))
    backbone.train(training)
    return found.ndim == 3


class Features(nn.Module):
    """A backbone's features as the result of a call."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, crops: Tensor) -> Tensor:
        return self.backbone.forward_features(crops)


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

    A stage of a transformer without stages is a block. Raises UserError for more stages than the
    backbone has, and for one that timm does not divide into stages.
    """
    groups = timm_networks.group_parameters(backbone)
    order = sorted(groups)
    if stages > len(order):
        raise UserError(f"train.frozen_stages is {stages}, the backbone has {len(order)} stages")
    return [name for key in order[:stages] for name in groups[key]]


def modules_of(backbone: Backbone, names: set[str]) -> list[nn.Module]:
    """The modules all of whose parameters are among those of these names, and the modules in them.

    A block's dropping of paths is among them, though it has no parameters of its own.
    """
    return [
        part
        for prefix, module in backbone.named_modules()
        if names.issuperset(own := [key for key, _ in module.named_parameters(prefix)]) and own
        for part in module.modules()
    ]


def first_convolution(backbone: Backbone) -> str:
    """Name of the first convolution's weight, which the input's planes are multiplied by."""
    return f"{backbone.pretrained_cfg['first_conv']}.weight"
