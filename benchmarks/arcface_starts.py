"""Two other starts of ArcFace on few photographs per individual; no setting chooses them.

    python -m benchmarks.arcface_starts RUN FOLDER [--shrink 2] [--split 1] [--start class_means]

RUN, FOLDER and the task are those of `benchmarks.long_tail`, whose results for the preset without
an edit have to be in FOLDER: each start is compared with them. The starts:

* class_means: each individual's class weight begins as the mean embedding of its photographs, by
  the network before training, as long as a random one is;
* margin_later: no margin for the first tenth of the training, then one that grows to its full size
  at half of the training.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F
import typer
from torch import Tensor

from benchmarks import long_tail
from pipeline.data import tables
from pipeline.evaluation.ablation_study import BASE, format_markdown, load_study
from pipeline.losses.margins import INITIAL_STD, ArcFace
from pipeline.models import preflight
from pipeline.params import Params
from pipeline.steps.train import train
from pipeline.system.errors import require_files
from pipeline.training import inner_validation
from pipeline.training.dataset import ViewDataset
from pipeline.training.session import TrainingSession, start_session

NONE_UNTIL, FULL_FROM = 0.1, 0.5  # fractions of the training, of `margin_later`


class Start(StrEnum):
    """The starts, by the names that the files of results have."""

    class_means = "class_means"
    margin_later = "margin_later"


def main(
    run: Path,
    folder: Path,
    shrink: Annotated[int, typer.Option(help="divides the sides of the crops", min=1)] = 1,
    split: Annotated[int, typer.Option(help="which photographs are kept", min=0)] = 0,
    starts: Annotated[list[Start] | None, typer.Option("--start", help="default: all")] = None,
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="default: all")] = None,
) -> None:
    """Train a member per start and seed on few photographs per individual, and compare them."""
    study, settings = load_study(long_tail.STUDY, Path("presets"))
    p = Params.model_validate(settings[BASE])
    preflight.check_networks(p)
    folder = long_tail.make_folder(folder, shrink, split)
    settings = dict.fromkeys((BASE, *Start), settings[BASE])
    bases = [long_tail.result_path(folder, BASE, seed, settings) for seed in seeds or study.seeds]
    require_files(bases, f"run benchmarks.long_tail with --edit {BASE} first")
    task = long_tail.prepare(run, folder, shrink, split)
    for seed in seeds or study.seeds:
        for start in starts or Start:
            path = long_tail.result_path(folder, start, seed, settings)
            if not path.is_file():
                # no argument of `train` reaches the losses, and the project needs none
                with mock.patch.object(train, "start_session", change_start(CHANGES[start])):
                    tables.write_csv(long_tail.measure(p, seed, task), path)
            long_tail.print_result(start, seed, path)
    starts_alone = study.model_copy(update={"edits": dict.fromkeys(Start, {})})
    print(format_markdown(long_tail.compare(folder, starts_alone, settings)))


def change_start(change: Callable[[TrainingSession], None]) -> Callable[..., TrainingSession]:
    """`start_session`, and a change of what it returns."""

    def start(*args: object, **values: object) -> TrainingSession:
        session = start_session(*args, **values)
        change(session)
        return session

    return start


def start_from_means(session: TrainingSession) -> None:
    """Set ArcFace's class weights to the mean embeddings of the individuals, none mirrored."""
    arcface: ArcFace = session.learner.loss.arcface
    views = ViewDataset(session.training_set.crops, session.settings.channels, None)
    vectors = inner_validation.embed_rows(session.net, views, session.training_set.rows)
    means = average_per_label(vectors, session.training_set.labels, len(arcface.identities))
    with torch.no_grad():
        arcface.weight.copy_(means.t() * INITIAL_STD * arcface.weight.shape[0] ** 0.5)


def average_per_label(vectors: Tensor, labels: np.ndarray, count: int) -> Tensor:
    """Unit vectors, count x dim: each label's mean, seen from the mean of all vectors.

    An untrained network's vectors nearly agree; what they have in common tells nothing.
    """
    vectors = vectors - vectors.mean(dim=0)
    return F.normalize(
        torch.stack([vectors[labels == label].mean(dim=0) for label in range(count)])
    )


def grow_margin(session: TrainingSession) -> None:
    """Let ArcFace's margins grow with the steps of the training."""
    arcface: ArcFace = session.learner.loss.arcface
    margins = arcface.margins.clone()
    steps = session.settings.epochs * len(session.batches)
    done = 0

    def scale(*_: object) -> None:
        nonlocal done
        arcface.margins.copy_(margins * margin_factor(done / steps))
        done += 1

    arcface.register_forward_pre_hook(scale)


def margin_factor(done: float) -> float:
    """The fraction of the margin after the fraction `done` of the training."""
    return float(np.clip((done - NONE_UNTIL) / (FULL_FROM - NONE_UNTIL), 0, 1))


CHANGES: dict[Start, Callable[[TrainingSession], None]] = {
    Start.class_means: start_from_means,
    Start.margin_later: grow_margin,
}

if __name__ == "__main__":
    typer.run(main)
