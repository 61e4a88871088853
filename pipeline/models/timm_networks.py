"""The networks of timm by their names, without a classifier and with random weights.

The only module that imports timm by name: the import takes seconds.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from torch import Tensor, nn

from pipeline.models import hub
from pipeline.models.without_compiler import without_compiler
from pipeline.system.errors import UserError

with without_compiler():
    import timm
    from timm import layers, models

SAME_PADDED = layers.Conv2dSame  # a convolution that pads as TensorFlow does
# options with which a transformer of a fixed input size takes crops of any
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


def check_name(timm_name: str) -> None:
    """Raise UserError, with similar names, if timm has no such network."""
    if hub.has_source(timm_name):
        hub.check_folder(timm_name)
    elif not timm.is_model(timm_name):
        close = timm.list_models(f"*{timm_name.split('_')[0]}*")[:8]
        raise UserError(f"timm has no network {timm_name!r}; similar names: {close}")


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


def load_published(timm_name: str) -> dict[str, Tensor]:
    """The state dict that timm, or the hub, has for the network's name, with its classifier."""
    return timm.create_model(timm_name, pretrained=True).state_dict()


def is_published(timm_name: str) -> bool:
    """Whether timm knows weights of one of its networks."""
    return timm.is_model_pretrained(timm_name)


def find_repository(timm_name: str) -> str | None:
    """Where the hub has the weights of one of timm's networks; None for the names of sources."""
    config = None if hub.has_source(timm_name) else timm.get_pretrained_cfg(timm_name)
    return config.hf_hub_id if config else None


def group_parameters(backbone: Backbone) -> dict[int, list[str]]:
    """The names of the parameters of each stage, by its number, the stem's first.

    Raises UserError for a network that timm does not divide into stages.
    """
    if not hasattr(backbone, "group_matcher"):
        raise UserError(
            f"timm does not divide {type(backbone).__name__} into stages: train.frozen_stages has "
            "to be 0"
        )
    return models.group_parameters(backbone, backbone.group_matcher(coarse=True))
