"""Trying the networks of params.yaml before anything runs: `train` would fail too, an hour later.

The networks are built and called on torch's meta device, where tensors have a shape and no values:
half a second for each.
"""

import warnings

import torch

from pipeline.models import (
    backbones,
    initial_weights,
    local_networks,
    member_networks,
    timm_networks,
)
from pipeline.params import Backbone, Crop, Params, Train
from pipeline.system.errors import UserError


def check_networks(p: Params) -> None:
    """Raise UserError with every backbone whose network, weights and crops don't fit together.

    Then the same for the networks of local features.
    """
    faults = []
    for name, backbone in p.backbones.items():
        try:
            check_network(backbone, p.member_train(name), p.crop)
        except Exception as error:  # whatever timm's networks raise on settings that they lack
            reason = " ".join(str(error).split()) or type(error).__name__
            faults.append(f"  backbones.{name} ({backbone.timm_name}): {reason[:300]}")
    if faults:
        raise UserError("params.yaml has networks that can't be trained:\n" + "\n".join(faults))
    local_networks.check_local_networks(p)


def check_network(backbone: Backbone, settings: Train, crop: Crop) -> None:
    """Build a member's network without values, and show it crops of the sizes that it will see.

    Raises what timm or torch raise if that is impossible.
    """
    timm_networks.check_name(backbone.timm_name)
    check_weights(backbone, settings)
    with torch.device("meta"):
        net = member_networks.build_for_member(backbone, settings, trained=True).eval()
    if settings.frozen_stages:
        backbones.first_stage_parameters(net.backbone, settings.frozen_stages)
    for scale in {1.0, settings.resize.scale if settings.resize.until else 1.0}:
        height, width = round(crop.height * scale), round(crop.width * scale)
        shape = (2, settings.channels, height, width)
        try:
            net(torch.zeros(shape, dtype=torch.uint8, device="meta"))
        except Exception as error:
            raise ValueError(
                f"does not fit crops of {height} x {width} pixels with {settings.channels} planes "
                f"(crop.height, crop.width, train.channels): {error}"
            ) from error


def check_weights(backbone: Backbone, settings: Train) -> None:
    """Raise ValueError if there are no first weights of that kind, or those of another network."""
    if backbone.weights == "none":
        return
    if backbone.weights in initial_weights.PUBLISHED:
        if not initial_weights.has_imagenet_weights(backbone.timm_name):
            raise ValueError("timm has no ImageNet weights of it: set weights to none, or a file")
        initial_weights.check_published_weights(backbone.timm_name)
        return
    state = initial_weights.first_state_dict(backbone.timm_name, backbone.weights)
    # the warnings say that nothing is copied to meta tensors
    with warnings.catch_warnings(action="ignore"), torch.device("meta"):
        backbones.assemble(backbone.timm_name, state, settings.channels, settings.reduction)
