"""Whether the data path keeps the network busy.

    python -m benchmarks.step_rate [backbone] [steps]

Trains on the packed crops of data/work, then on random tensors of the same shape in the same
process, and prints the ratio of their step rates (1.0: preparing batches costs nothing).
"""

import time
from collections.abc import Iterable, Iterator
from typing import Annotated

import torch
import typer

from pipeline import params, paths
from pipeline.data import artefacts, gallery
from pipeline.models import member_networks
from pipeline.training.loop import gradient_step, run_steps
from pipeline.training.schedule import set_learning_rate
from pipeline.training.session import TrainingSession, start_session
from pipeline.training.training_set import build_training_set

WARM_UP = 5


def main(
    backbone: Annotated[str, typer.Argument(help="default: the first of params.yaml")] = "",
    steps: Annotated[int, typer.Argument()] = 40,
) -> None:
    """Compare the step rate of the data path with that of random tensors."""
    p = params.load()
    backbone = backbone or next(iter(p.backbones))
    settings = p.member_train(backbone)
    order = artefacts.load_boxes()["image"]
    rows = gallery.training_rows(artefacts.load_folds(), p.folds.trained[0])
    training_set = build_training_set(paths.CROPS, order, rows, settings, 0)
    net = member_networks.build_for_member(p.backbones[backbone], settings)
    session = start_session(net, training_set, settings, settings.seed)
    batch = next(iter(session.loader))
    rates = {"random tensors": [], "data path": []}
    # alternately: a change of the machine's load then affects both
    for _ in range(3):
        rates["random tensors"].append(measure_rate(session, repeat_batch(batch, steps)))
        rates["data path"].append(measure_rate(session, take_batches(session.loader, steps)))
    best = {name: max(values) for name, values in rates.items()}
    for name, value in best.items():
        print(f"{backbone} {name}: {value * len(batch[1]):.1f} views per second")
    print(f"ratio {best['data path'] / best['random tensors']:.3f}")


def repeat_batch(batch: tuple, steps: int) -> Iterator[tuple]:
    """Yield the same random crops with the labels of `batch` for every step."""
    crops = torch.randint_like(batch[0], 256)
    return ((crops, batch[1]) for _ in range(steps + WARM_UP))


def take_batches(loader: Iterable, steps: int) -> Iterator[tuple]:
    """Yield `steps` batches of the loader, epoch after epoch."""
    left = steps + WARM_UP
    while left:
        for batch in loader:
            yield batch
            left -= 1
            if not left:
                return


def measure_rate(session: TrainingSession, batches: Iterator[tuple]) -> float:
    """Measure the training steps per second after a warm-up."""
    session.learner.train()
    start = 0.0

    def set_rate(step: int) -> float:
        return set_learning_rate(session.optimizer, session.settings.learning_rate, 0.5)

    def update(batch: tuple) -> None:
        losses, _ = session.learner(*batch)
        gradient_step(losses, session.optimizer, session.backward)

    for step in run_steps(batches, set_rate, update):
        if step.number == WARM_UP - 1:
            start = time.perf_counter()
    return (step.number + 1 - WARM_UP) / (time.perf_counter() - start)


if __name__ == "__main__":
    typer.run(main)
