"""Self-supervision: a backbone learns from all photographs, whoever they show.

Labels are not used, but the test's photographs are: what follows is transductive, and the score
card says so.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from pipeline.models.embedding_net import EmbeddingNet
from pipeline.params import Augment, Pretrain
from pipeline.steps.pretrain.clusters import Clusters
from pipeline.steps.pretrain.rotation import Rotation, turned
from pipeline.steps.pretrain.simsiam import SimSiam
from pipeline.system import device
from pipeline.training import health_checks, schedule
from pipeline.training.dataset import View, Views
from pipeline.training.loop import gradient_step, run_steps

ONE_CLUSTER = 0.9  # of all photographs
REMEDY = "Lower pretrain.learning_rate, or take another pretrain.method"


class Photographs:
    """A batch sampler: all photographs in a new order every epoch, each as often as `views`.

    A batch has its photographs' first views, then their second ones. A last batch of one is left
    out: batch normalisation can't do with it.
    """

    def __init__(self, count: int, batch: int, views: int, seed: int) -> None:
        self.count, self.batch, self.views, self.seed = count, min(batch, count), views, seed
        self.epoch = 0

    def __len__(self) -> int:
        return self.count // self.batch + (self.count % self.batch > 1)

    def __iter__(self) -> Iterator[list[View]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        order = rng.permutation(self.count)
        for number in range(len(self)):
            rows = order[number * self.batch : (number + 1) * self.batch]
            yield [
                View(int(row), int(row), False, int(rng.integers(2**31)))
                for _ in range(self.views)
                for row in rows
            ]


class Pupil(nn.Module):
    """The network and its task, as one module."""

    def __init__(self, net: EmbeddingNet, task: SimSiam | Rotation | Clusters) -> None:
        super().__init__()
        self.net, self.task = net, task

    def forward(self, crops: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """The cost of a batch, and vectors that must not collapse."""
        if isinstance(self.task, Rotation):
            crops, places = turned(crops)
        pooled = self.net.pooled_maps(crops)
        if isinstance(self.task, SimSiam):
            return self.task(*pooled.chunk(2))
        return self.task(pooled, places)


def pretrain(
    net: EmbeddingNet,
    crops: Path,
    count: int,
    channels: int,
    strength: Augment,
    settings: Pretrain,
) -> pd.DataFrame:
    """Teach `net.backbone` in place by the `count` packed crops; returns the history.

    Raises `alarms.TrainingFailed` where the cost is not finite or the vectors collapse.
    """
    fabric = device.fabric(net, devices=1)
    fabric.launch()
    torch.manual_seed(settings.seed)
    pupil = Pupil(net, task(net.linear.in_features, count, settings))
    optimizer = torch.optim.AdamW(pupil.parameters(), settings.learning_rate, weight_decay=1e-4)
    pupil, optimizer = fabric.setup(pupil, optimizer)
    views = 2 if settings.method == "simsiam" else 1
    batches = Photographs(count, settings.batch, views, settings.seed)
    loader = DataLoader(
        Views(crops, channels, strength), batch_sampler=batches, num_workers=device.workers()
    )
    loader = fabric.setup_dataloaders(loader, use_distributed_sampler=False)

    def set_rate(epoch: int, step: int) -> float:
        done = (epoch + step / len(batches)) / settings.epochs
        factor = schedule.along_cosine(1, 0, done, 1)
        return schedule.set_learning_rate(optimizer, settings.learning_rate, factor)

    def update(epoch: int, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        cost, vectors = pupil(*batch)
        check = partial(health_checks.check_step, epoch=epoch, remedy=REMEDY)
        return gradient_step({settings.method: cost}, optimizer, fabric.backward, check), vectors

    history = []
    pupil.train()
    for epoch in tqdm(range(settings.epochs), "pretrain", unit="epoch"):
        batches.epoch = epoch
        if settings.method == "clusters":
            clustered(pupil, loader, epoch)
        costs = []
        for step in run_steps(loader, partial(set_rate, epoch), partial(update, epoch)):
            cost, vectors = step.result
            costs.append(float(cost))
        health_checks.check_spread(vectors, epoch, REMEDY)
        history.append({"epoch": epoch, "loss": float(np.mean(costs))})
    return pd.DataFrame(history)


def task(width: int, count: int, settings: Pretrain) -> SimSiam | Rotation | Clusters:
    """What the pooled maps, `width` numbers each, have to do."""
    if settings.method == "simsiam":
        return SimSiam(width, settings.dim)
    if settings.method == "rotation":
        return Rotation(width)
    return Clusters(width, settings.dim, count, settings.clusters, settings.seed)


def clustered(pupil: Pupil, loader: DataLoader, epoch: int) -> None:
    """Make clusters of what the network says; before the first epoch it has to say it first."""
    if epoch == 0:
        with torch.no_grad():
            for seen, places in loader:
                pupil.task.remember(pupil.net.pooled_maps(seen), places)
    pupil.task.renew(epoch)
    share = pupil.task.largest_share()
    if share > ONE_CLUSTER and pupil.task.count > 1:
        raise health_checks.TrainingFailed(
            f"epoch {epoch}: {share:.0%} of the photographs are in one cluster: the network says "
            f"the same of all. {REMEDY}"
        )
