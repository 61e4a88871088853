"""The first weights of a backbone: a package's, the hub's, or those of a file."""

import logging
import sys
from pathlib import Path

from torch import Tensor

from pipeline.models import hub, published_neck, state_files, timm_networks, weights
from pipeline.models.timm_networks import Backbone
from pipeline.system.errors import UserError

logger = logging.getLogger(__name__)

PUBLISHED = ("imagenet", "pretrained")  # the words for weights that come with the network's name


def has_imagenet_weights(timm_name: str) -> bool:
    """Whether a package or the hub has weights of the network."""
    known = timm_name in weights.DEPTHS or hub.has_source(timm_name)
    return known or timm_networks.is_published(timm_name)


def check_published_weights(timm_name: str) -> None:
    """Raise UserError if the weights have to be fetched and the hub cannot be reached."""
    if timm_name in weights.DEPTHS:
        return
    hub.check_reachable(timm_name, timm_networks.find_repository(timm_name))


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
        return timm_networks.load_published(timm_name)
    except Exception as error:  # the hub's client raises a dozen kinds
        ways = f", set it to none, or take one of {sorted(weights.DEPTHS)}"
        ways = "" if hub.has_source(timm_name) else ways
        repository = timm_networks.find_repository(timm_name)
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


def is_member(state: dict[str, Tensor]) -> bool:
    """Whether a state dict is that of a member, as the stage `train` writes it."""
    return "linear.weight" in state and any(key.startswith(published_neck.PART) for key in state)


def load_whole(backbone: Backbone, state: dict[str, Tensor]) -> bool:
    """Load a whole backbone, unless the state dict is a member's and lacks a part of it.

    Returns whether it is loaded. Raises UserError if the weights are those of another network.
    """
    try:
        load_weights(backbone, state)
    except UserError:
        if not is_member(state):
            raise
        return False
    return True


def load_member(backbone: Backbone, state: dict[str, Tensor]) -> None:
    """Load a member's backbone; raises UserError if it was built by other settings."""
    try:
        load_weights(backbone, state)
    except UserError as error:
        raise UserError(
            f"{error}: those of a member take its timm_name, train.reduction and train.channels"
        ) from None


def convert(backbone: Backbone, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict in the network's own names and sizes, as timm converts published ones."""
    module = sys.modules[type(backbone).__module__]
    converter = getattr(module, "checkpoint_filter_fn", None)
    return converter(dict(state), backbone) if converter else state
