"""Which learning rate suits a backbone? The learning-rate range test.

    python -m commands.lr_range BACKBONE [--fold 0] [--low 1e-6] [--high 1] [--steps 150]

Trains on the crops and folds that there are (dvc repro crop folds) while the rate grows, keeps
nothing of it, prints a suggestion for train.learning_rate and writes data/lr_range/<backbone>.csv
and .png, which the next report shows. Rates are the head's; the backbone has
train.backbone_lr_scale of them. What comes later in a training (head_epochs, resize, mined hard
negatives) plays no part.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import torch

from pipeline import params, paths
from pipeline.data import gallery, tables
from pipeline.models import embedding_net
from pipeline.training import lr_range, lr_suggestion, session, training_set


def main(backbone: str, fold: int, low: float, high: float, steps: int) -> None:
    p = params.load()
    if backbone not in p.backbones:
        raise SystemExit(f"no backbone {backbone!r}; there are {sorted(p.backbones)}")
    if fold not in range(p.folds.count):
        raise SystemExit(f"no fold {fold}; there are 0 to {p.folds.count - 1}")
    lacking = [path for path in (paths.BOXES, paths.CROPS, paths.FOLDS) if not path.is_file()]
    if lacking:
        raise SystemExit(f"{lacking[0]} is not there: run dvc repro crop folds")
    settings = p.member_train(backbone)
    seed = settings.seed + fold
    order = tables.read("boxes", paths.BOXES)["image"]
    training = gallery.training_rows(tables.read("folds", paths.FOLDS), fold)
    try:
        material = training_set.look_up(paths.CROPS, order, training, settings, seed)
        torch.manual_seed(seed)
        net = embedding_net.for_backbone(p.backbones[backbone], settings)
        table = lr_range.sweep(session.prepare(net, material, settings, seed), low, high, steps)
        tables.write_csv(table, paths.LR_RANGE / f"{backbone}.csv")
        rate = lr_suggestion.suggestion(table)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    draw(table, rate, paths.LR_RANGE / f"{backbone}.png", f"{backbone}, fold {fold} held out")
    print(f"train.learning_rate: {rate:.1e} (now {settings.learning_rate:.1e})")
    print(f"{paths.LR_RANGE / backbone}.csv and .png: the loss by rate")


def draw(table: pd.DataFrame, rate: float, out: Path, title: str) -> None:
    """The loss by rate, and the suggestion."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    lr_suggestion.draw(axes, table, rate)
    axes.set_title(title)
    tables.replace(out, lambda part: figure.savefig(part, format="png", dpi=120))
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("backbone")
    parser.add_argument("--fold", type=int, default=0, help="the fold that is held out")
    parser.add_argument("--low", type=float, default=1e-6, help="the first rate")
    parser.add_argument("--high", type=float, default=1.0, help="the last one")
    parser.add_argument("--steps", type=int, default=150)
    asked = parser.parse_args()
    main(asked.backbone, asked.fold, asked.low, asked.high, asked.steps)
