"""The embedding networks of members: built by their settings, loaded from their files."""

from pathlib import Path

import numpy as np

from pipeline.models import backbones, stored_weights
from pipeline.models.embedding_net import Architecture, EmbeddingNet
from pipeline.models.pair_head import PairHead, build_pair_head
from pipeline.params import Backbone, Train


def build(
    timm_name: str,
    first_weights: str,
    architecture: Architecture,
    pair_head: PairHead | None = None,
) -> EmbeddingNet:
    """Build a network with its first weights: "imagenet", "none", or a file with a state dict."""
    backbone = backbones.build(
        timm_name,
        first_weights=first_weights,
        channels=architecture.channels,
        reduction=architecture.reduction,
        drop_path=architecture.drop_path,
    )
    return EmbeddingNet(backbone, architecture, pair_head)


def build_for_member(backbone: Backbone, settings: Train, trained: bool = False) -> EmbeddingNet:
    """Build the network of a member; `trained` if its trained weights will be loaded into it."""
    architecture = Architecture(
        channels=settings.channels,
        dim=settings.embedding,
        pooling=settings.pooling,
        bnneck=settings.bnneck,
        grey=settings.grey,
        reduction=settings.reduction,
        drop_path=settings.drop_path,
    )
    # the head's random weights come before the network's
    pair_head = build_pair_head(settings)
    first_weights = "none" if trained else backbone.weights
    return build(backbone.timm_name, first_weights, architecture, pair_head)


def load_trained(backbone: Backbone, settings: Train, model: Path) -> EmbeddingNet:
    """Load the trained network of a member from the safetensors file that `train` wrote.

    Raises UserError if it is missing, damaged or the file of another network.
    """
    state = stored_weights.read_weights(model)
    net = build_for_member(backbone, settings, trained=True)
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
