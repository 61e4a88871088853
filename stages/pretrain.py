"""Pretrain one backbone on all photographs without their labels, if params.yaml asks for it."""

import sys

import pandas as pd
import torch
from safetensors.numpy import save_file

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.models import member_networks, preflight
from pipeline.steps.pretrain import pretrain
from pipeline.system import device


def main(backbone: str) -> None:
    p = params.load()
    preflight.check_networks(p)
    state, history = {}, pd.DataFrame(columns=["epoch", "loss"])
    if p.pretrain.method != "none":
        settings, count = p.member_train(backbone), len(artefacts.load_boxes())
        torch.manual_seed(p.pretrain.seed)
        net = member_networks.build_for_member(p.backbones[backbone], settings)
        data = (paths.CROPS, count, settings.channels, settings.augment)
        history = pretrain.pretrain(net, *data, p.pretrain)
        if not device.is_first_process():
            return
        state = member_networks.backbone_state(net)
    tables.write_csv(history, paths.pretraining_history(backbone))
    tables.replace(paths.pretrained_backbone(backbone), lambda part: save_file(state, part))


if __name__ == "__main__":
    main(*sys.argv[1:])
