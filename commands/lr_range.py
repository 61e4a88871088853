"""`tailprint lr-range`."""

from typing import Annotated

import typer

EXAMPLES = ["tailprint lr-range lite0"]


def main(
    backbone: Annotated[str, typer.Argument(help="A backbone of params.yaml.")],
    fold: Annotated[int, typer.Option(help="The fold that is held out.")] = 0,
    low: Annotated[float, typer.Option(help="The first learning rate.")] = 1e-6,
    high: Annotated[float, typer.Option(help="The last learning rate.")] = 1.0,
    steps: Annotated[int, typer.Option(help="The number of batches.")] = 150,
) -> None:
    """Suggest a learning rate by the learning-rate range test.

    Trains on the stored crops and folds (dvc repro crop folds) while the rate grows, keeps nothing
    of it, prints a suggestion for train.learning_rate and writes data/lr_range/<backbone>.csv and
    .png, which the next report shows. Rates are the head's; the backbone's are those times
    train.backbone_lr_scale. With pretrain.method, it starts from the weights of the stage pretrain.
    Later parts of a training (head_epochs before epochs, resize, hard negatives) are not tested.
    """
    from pipeline import params, paths
    from pipeline.training.lr_sweep import Sweep, run_sweep

    p = params.load()
    rate = run_sweep(backbone, Sweep(fold, low, high, steps), p)
    print(f"train.learning_rate: {rate:.1e} (now {p.member_train(backbone).learning_rate:.1e})")
    print(f"{paths.LR_RANGE / backbone}.csv and .png: the loss by rate")
