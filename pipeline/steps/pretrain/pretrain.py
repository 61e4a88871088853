"""Self-supervision: a backbone is trained on all photographs without their labels.

Labels are not used, but the test photographs are: the results are transductive, and the score card
says so.
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
from pipeline.steps.pretrain.rotation import Rotation, rotate_crops
from pipeline.steps.pretrain.simsiam import SimSiam
from pipeline.system import device
from pipeline.training import health_checks, schedule
from pipeline.training.dataset import View, ViewDataset, build_loader
from pipeline.training.loop import gradient_step, run_steps

WEIGHT_DECAY = 1e-4
ONE_CLUSTER = 0.9  # of all photographs
REMEDY = "Lower pretrain.learning_rate, or take another pretrain.method"


class PhotographBatches:
    """A batch sampler: all photographs in a new order every epoch, each with `views` views.

    A batch has the first views of its photographs, then the second ones. A last batch of one
    photograph is left out: batch normalisation needs two.
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


class SelfSupervisedLearner(nn.Module):
    """The network and its task, as one module."""

    def __init__(self, net: EmbeddingNet, task: SimSiam | Rotation | Clusters) -> None:
        super().__init__()
        self.net, self.task = net, task

    def forward(self, crops: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of a batch, and vectors that must not collapse."""
        if isinstance(self.task, Rotation):
            crops, rows = rotate_crops(crops)
        pooled = self.net.pool_maps(crops)
        if isinstance(self.task, SimSiam):
            return self.task(*pooled.chunk(2))
        return self.task(pooled, rows)


def pretrain(
    net: EmbeddingNet,
    crops: Path,
    count: int,
    channels: int,
    strength: Augment,
    settings: Pretrain,
) -> pd.DataFrame:
    """Train `net.backbone` in place on the `count` packed crops; returns the history.

    Raises `health_checks.TrainingFailed` if the loss is not finite or the vectors collapse.
    """
    fabric = device.fabric(net, devices=1)
    fabric.launch()
    torch.manual_seed(settings.seed)
    task = build_task(net.linear.in_features, count, settings)
    learner: nn.Module = SelfSupervisedLearner(net, task)
    optimizer = torch.optim.AdamW(
        learner.parameters(), settings.learning_rate, weight_decay=WEIGHT_DECAY
    )
    learner, optimizer = fabric.setup(learner, optimizer)
    views = 2 if settings.method == "simsiam" else 1
    batches = PhotographBatches(count, settings.batch, views, settings.seed)
    loader = build_loader(ViewDataset(crops, channels, strength), batches, fabric)

    def set_rate(epoch: int, step: int) -> float:
        done = (epoch + step / len(batches)) / settings.epochs
        factor = schedule.anneal_cosine(1, 0, done, 1)
        return schedule.set_learning_rate(optimizer, settings.learning_rate, factor)

    def update(epoch: int, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        loss, vectors = learner(*batch)
        check = partial(health_checks.check_step, epoch=epoch, remedy=REMEDY)
        return gradient_step({settings.method: loss}, optimizer, fabric.backward, check), vectors

    history = []
    learner.train()
    for batches.epoch in tqdm(range(settings.epochs), "pretrain", unit="epoch"):
        epoch, losses = batches.epoch, []
        if isinstance(task, Clusters):
            renew_clusters(net, task, loader, epoch)
        for step in run_steps(loader, partial(set_rate, epoch), partial(update, epoch)):
            loss, vectors = step.result
            losses.append(float(loss))
        health_checks.check_spread(vectors, epoch, REMEDY)
        history.append({"epoch": epoch, "loss": float(np.mean(losses))})
    return pd.DataFrame(history)


def build_task(width: int, count: int, settings: Pretrain) -> SimSiam | Rotation | Clusters:
    """Build the task of the method, for pooled maps of `width` numbers and `count` photographs."""
    if settings.method == "simsiam":
        return SimSiam(width, settings.dim)
    if settings.method == "rotation":
        return Rotation(width)
    return Clusters(width, settings.dim, count, settings.clusters, settings.seed)


def renew_clusters(net: EmbeddingNet, task: Clusters, loader: DataLoader, epoch: int) -> None:
    """Cluster the vectors of the last epoch; before the first epoch, compute them."""
    if epoch == 0:
        with torch.no_grad():
            for crops, rows in loader:
                task.remember(net.pool_maps(crops), rows)
    task.renew(epoch)
    fraction = task.largest_fraction()
    if fraction > ONE_CLUSTER and task.count > 1:
        raise health_checks.TrainingFailed(
            f"epoch {epoch}: {fraction:.0%} of the photographs are in one cluster: the network "
            f"gives all of them the same vector. {REMEDY}"
        )
