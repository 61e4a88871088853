"""One member's backbone, built and pretrained."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pipeline.models import member_networks
from pipeline.params import Backbone, Pretrain, Train
from pipeline.steps.pretrain import pretrain


def pretrain_backbone(
    backbone: Backbone, train: Train, crops: Path, count: int, settings: Pretrain
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """The weights of a backbone after its self-supervision on `count` packed crops, and its losses.

    train : of the members that will begin with these weights
    """
    torch.manual_seed(settings.seed)
    net = member_networks.build_for_member(backbone, train)
    history = pretrain.pretrain(net, crops, count, train.channels, train.augment, settings)
    return member_networks.backbone_state(net), history
