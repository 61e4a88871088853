"""The learning-rate range test of one backbone, on the crops and folds of a project."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import torch

from pipeline import paths
from pipeline.data import artefacts, gallery, tables
from pipeline.models import member_networks, stored_weights
from pipeline.params import Params
from pipeline.system.errors import UserError, require_files
from pipeline.training import lr_range, lr_suggestion
from pipeline.training.session import start_session
from pipeline.training.training_set import build_training_set


@dataclass(frozen=True)
class Sweep:
    """The rates of a range test, from `low` to `high` in `steps` steps, on a fold held out."""

    fold: int = 0
    low: float = 1e-6
    high: float = 1.0
    steps: int = 150


def run_sweep(backbone: str, sweep: Sweep, p: Params) -> float:
    """Train while the rate grows; returns the suggested learning rate.

    Writes the loss by rate to data/lr_range/<backbone>.csv and .png, and nothing else. Raises
    UserError for an unknown backbone or fold, a backbone that is not trained, missing crops, folds
    or pretrained weights, and rates that do not work.
    """
    check_sweep(backbone, sweep.fold, p)
    try:
        table = measure_losses(backbone, sweep, p)
        tables.write_csv(table, paths.LR_RANGE / f"{backbone}.csv")
        rate = lr_suggestion.suggest_learning_rate(table)
    except ValueError as error:
        raise UserError(str(error)) from None
    title = f"{backbone}, fold {sweep.fold} held out"
    draw(table, rate, paths.LR_RANGE / f"{backbone}.png", title)
    return rate


def check_sweep(backbone: str, fold: int, p: Params) -> None:
    """Raise UserError for what `run_sweep` says, except for rates."""
    if backbone not in p.backbones:
        raise UserError(f"no backbone {backbone!r}; there are {sorted(p.backbones)}")
    if fold not in p.folds.possible:
        raise UserError(f"no fold {fold}; there are 0 to {p.folds.possible[-1]}")
    if p.member_train(backbone).frozen:
        raise UserError(
            f"backbones.{backbone} is not trained, so it has no learning rate: train.epochs, "
            "train.views_per_identity and train.head_epochs are 0. Set train.head_epochs to train "
            "the embedding alone, or one of the others to train the backbone too"
        )
    require_files([paths.BOXES, paths.CROPS, paths.FOLDS], "run dvc repro crop folds")
    if p.pretrain.method != "none":
        check_pretrained(backbone, p.pretrain.method)


def check_pretrained(backbone: str, method: str) -> None:
    """Raise UserError if the weights of `pretrain` are missing, or from before it was set."""
    pretrained, command = paths.pretrained_backbone(backbone), f"dvc repro pretrain@{backbone}"
    require_files([pretrained], f"pretrain.method is {method}: run {command}")
    if not stored_weights.read_weights(pretrained):
        raise UserError(
            f"{pretrained} has no weights yet of pretrain.method {method}: run {command}"
        )


def measure_losses(backbone: str, sweep: Sweep, p: Params) -> pd.DataFrame:
    """Run the range test on a member's training session; columns rate, loss, smoothed."""
    settings = p.member_train(backbone)
    seed = settings.seed + sweep.fold
    order = artefacts.load_boxes()["image"]
    rows = gallery.training_rows(artefacts.load_folds(), sweep.fold)
    training_set = build_training_set(paths.CROPS, order, rows, settings, seed)
    torch.manual_seed(seed)
    net = member_networks.build_for_member(p.backbones[backbone], settings)
    if p.pretrain.method != "none":
        member_networks.load_backbone(net, paths.pretrained_backbone(backbone))
    session = start_session(net, training_set, settings, seed)
    return lr_range.run_range_test(session, sweep.low, sweep.high, sweep.steps)


def draw(table: pd.DataFrame, rate: float, out: Path, title: str) -> None:
    """Plot the loss by rate, and the suggested rate, as PNG."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    lr_suggestion.plot_range_test(axes, table, rate)
    axes.set_title(title)
    tables.replace(out, lambda part: figure.savefig(part, format="png", dpi=120))
    plt.close(figure)
