"""Teach one backbone by all photographs without their labels, where params.yaml asks for it."""

import sys

import numpy as np
import pandas as pd
from safetensors.numpy import save_file

from pipeline import params, paths
from pipeline.data import tables


def main(backbone: str) -> None:
    p = params.load()
    if p.pretrain.method == "none":
        keep(backbone, {}, pd.DataFrame(columns=["epoch", "loss"]))
        return
    import torch

    from pipeline.models import embedding_net
    from pipeline.steps.pretrain import pretrain
    from pipeline.system import device  # seconds to import, and not needed above

    settings = p.member_train(backbone)
    torch.manual_seed(p.pretrain.seed)
    net = embedding_net.for_backbone(p.backbones[backbone], settings)
    count = len(tables.read("boxes", paths.BOXES))
    asked = (paths.CROPS, count, settings.channels, settings.augment, p.pretrain)
    history = pretrain.pretrain(net, *asked)
    if device.is_first():
        state = {
            name: np.ascontiguousarray(tensor.cpu().numpy())
            for name, tensor in net.backbone.state_dict().items()
        }
        keep(backbone, state, history)


def keep(backbone: str, state: dict, history: pd.DataFrame) -> None:
    tables.write_csv(history, paths.pretrain_history(backbone))
    tables.replace(paths.pretrained(backbone), lambda part: save_file(state, part))


if __name__ == "__main__":
    main(*sys.argv[1:])
