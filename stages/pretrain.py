"""Pretrain one backbone on all photographs without their labels, if params.yaml asks for it."""

import numpy as np
import pandas as pd

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.models import stored_weights
from pipeline.models.checked_networks import check_networks_once
from pipeline.system.start import run


def main(backbone: str) -> None:
    p = params.load()
    check_networks_once(p, paths.CHECKED_NETWORKS)
    state: dict[str, np.ndarray] = {}
    history = pd.DataFrame(columns=["epoch", "loss"])
    if p.pretrain.method != "none":
        # seconds to import, and off by default
        from pipeline.steps.pretrain.backbone import pretrain_backbone

        count = len(artefacts.load_boxes())
        member = p.backbones[backbone], p.member_train(backbone)
        state, history = pretrain_backbone(*member, paths.CROPS, count, p.pretrain)
    tables.write_csv(history, paths.pretraining_history(backbone))
    stored_weights.save_weights(state, paths.pretrained_backbone(backbone))


if __name__ == "__main__":
    run(main)
