"""Train one backbone with one fold held out."""

import torch

from pipeline import params, paths
from pipeline.data import artefacts, gallery, tables
from pipeline.models import member_networks, stored_weights
from pipeline.steps.train import train
from pipeline.system import device, ranks
from pipeline.system.start import run
from pipeline.training.live_curves import choose_folder
from pipeline.training.training_set import build_training_set


def main(backbone: str, fold: str) -> None:
    p = params.load()
    settings = p.member_train(backbone)
    devices = 1 if settings.frozen or settings.head_alone else device.count_devices()
    if ranks.delegate("stages.train", [backbone, fold], devices):
        return
    order, seed = artefacts.load_boxes()["image"], settings.seed + int(fold)
    rows = gallery.training_rows(artefacts.load_folds(), int(fold))
    training_set = build_training_set(paths.CROPS, order, rows, settings, seed)
    torch.manual_seed(seed)
    net = member_networks.build_for_member(p.backbones[backbone], settings)
    member_networks.load_backbone(net, paths.pretrained_backbone(backbone))
    history, summary = train.train(net, training_set, settings, seed, choose_folder(backbone, fold))
    if device.is_first_process():
        tables.write_csv(history, paths.training_history(backbone, int(fold)))
        tables.write_json(summary, paths.training_summary(backbone, int(fold)))
        stored_weights.save_weights(stored_weights.to_arrays(net), paths.model(backbone, int(fold)))


if __name__ == "__main__":
    run(main)
