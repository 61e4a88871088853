"""The embedding networks of members: built by their settings, loaded from their files."""

from pathlib import Path

import numpy as np

from pipeline.models import backbones, initial_weights, published_neck, stored_weights
from pipeline.models.embedding_net import Architecture, EmbeddingNet
from pipeline.models.pair_head import PairHead, build_pair_head
from pipeline.params import Backbone, Train
from pipeline.system.errors import UserError


def build(
    timm_name: str,
    first_weights: str,
    architecture: Architecture,
    pair_head: PairHead | None = None,
) -> EmbeddingNet:
    """Build a network with its first weights, see `backbones.build`."""
    backbone = backbones.build(
        timm_name,
        first_weights=first_weights,
        channels=architecture.channels,
        reduction=architecture.reduction,
        drop_path=architecture.drop_path,
    )
    neck = None
    if first_weights not in (*initial_weights.PUBLISHED, "none"):
        state = initial_weights.read_state_dict(Path(first_weights))
        neck = published_neck.build_neck(state, backbone.num_features)
    if neck and architecture.cells != (1, 1):
        raise UserError(f"{first_weights} has a pooling of its own: set train.pooling_cells [1, 1]")
    return EmbeddingNet(backbone, architecture, pair_head, neck)


def build_for_member(backbone: Backbone, settings: Train, trained: bool = False) -> EmbeddingNet:
    """Build the network of a member; `trained` if its trained weights will be loaded into it.

    With settings that train nothing, its embedding is the backbone's pooled features.
    """
    architecture = Architecture(
        channels=settings.channels,
        dim=None if settings.frozen else settings.embedding,
        pooling=settings.pooling,
        bnneck=settings.bnneck,
        grey=settings.grey,
        reduction=settings.reduction,
        drop_path=settings.drop_path,
        cells=(settings.pooling_cells[0], settings.pooling_cells[1]),
    )
    # the head's random weights come before the network's
    pair_head = build_pair_head(settings)
    first_weights = "none" if trained else backbone.weights
    net = build(backbone.timm_name, first_weights, architecture, pair_head)
    if initial_weights.is_megadescriptor(backbone.timm_name, backbone.weights):
        # its card has .5 for mean and deviation, its config.json ImageNet's
        net.mean.fill_(0.5)
        net.std.fill_(0.5)
    return net


def build_frozen(backbone: Backbone, settings: Train) -> EmbeddingNet:
    """Build a network that embeds by its first weights alone, in eval mode; nothing is trained.

    settings : channels, pooling, pooling_cells, reduction and grey are used

    Its `embed` turns n x C x H x W uint8 crops into the backbone's pooled features, n x `width`, of
    length 1. Raises UserError if the weights cannot be had, or don't fit.
    """
    untrained = {"epochs": 0, "views_per_identity": 0, "head_epochs": 0, "drop_path": 0.0}
    return build_for_member(backbone, settings.model_copy(update=untrained)).eval()


def load_trained(backbone: Backbone, settings: Train, model: Path) -> EmbeddingNet:
    """Load the trained network of a member from the safetensors file that `train` wrote.

    Raises UserError if it is missing, damaged or the file of another network.
    """
    state = stored_weights.read_weights(model)
    net = build_for_member(backbone, settings, trained=True)
    if any(name.startswith("neck.") for name in state):
        net.neck = published_neck.PublishedNeck(net.width)
    stored_weights.load_weights(net, state, model)
    return net


def load_backbone(net: EmbeddingNet, pretrained: Path) -> None:
    """Load the backbone's weights from a safetensors file, if it holds any."""
    state = stored_weights.read_weights(pretrained)
    if state:
        stored_weights.load_weights(net.backbone, state, pretrained)


def backbone_state(net: EmbeddingNet) -> dict[str, np.ndarray]:
    """The backbone's weights as arrays, to be stored for `load_backbone`."""
    return stored_weights.to_arrays(net.backbone)
