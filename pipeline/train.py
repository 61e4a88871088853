"""Train one member: a backbone with one fold held out. A plain loop on Lightning Fabric."""

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from pipeline import alarms, device, schedule
from pipeline.dataset import Views
from pipeline.losses.embedding_loss import EmbeddingLoss
from pipeline.losses.identities import Identities
from pipeline.model import EmbeddingNet
from pipeline.params import Train
from pipeline.samplers import IdentityBatches
from pipeline.tables import NEW_WHALE

# the values of `flip` where a mirror image is somebody else
MIRRORED = ("identity", "identity_masked")


@dataclass(frozen=True)
class Lesson:
    """What a member learns from: rows of the packed crops and their labels, -1 for new_whale."""

    crops: Path
    rows: np.ndarray
    labels: np.ndarray

    def identities(self, flip: str) -> Identities:
        """Whom the losses tell apart: twice as many where mirror images are individuals."""
        photographs = torch.from_numpy(np.bincount(self.labels[self.labels >= 0])).float()
        if flip in MIRRORED:
            photographs = photographs.repeat(2)
        return Identities(photographs, mirrors=flip == "identity_masked")


def lesson(crops: Path, order: pd.Series, training: pd.DataFrame) -> Lesson:
    """Look up the training rows; `order` names the image in each row of the packed crops.

    Raises ValueError for fewer than two known identities, and for an image without a crop.
    """
    known = sorted(set(training["identity"]) - {NEW_WHALE})
    if len(known) < 2:
        raise ValueError(f"{len(known)} known identities to train on; at least 2 are needed")
    label = {identity: number for number, identity in enumerate(known)} | {NEW_WHALE: -1}
    rows = pd.Index(order).get_indexer(training["image"])
    if (rows < 0).any():
        raise ValueError(f"no crop for {training['image'][rows < 0].tolist()[:5]}")
    return Lesson(crops, rows, training["identity"].map(label).to_numpy())


class Learner(nn.Module):
    """The network and its losses as one module, so that several devices share both."""

    def __init__(self, net: EmbeddingNet, loss: EmbeddingLoss) -> None:
        super().__init__()
        self.net, self.loss = net, loss

    def forward(self, crops: Tensor, labels: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        features, embeddings = self.net(crops)
        return self.loss(features, embeddings, labels), features


@dataclass(frozen=True)
class Run:
    """One training under way: what every step needs."""

    fabric: Fabric
    learner: nn.Module
    optimizer: torch.optim.Optimizer
    batches: IdentityBatches
    loader: DataLoader
    settings: Train


def train(net: EmbeddingNet, lesson: Lesson, settings: Train, seed: int) -> pd.DataFrame:
    """Train `net` in place; returns the history, one row an epoch.

    Raises `alarms.TrainingFailed` naming the cause where the loss or its gradient is not finite,
    the loss stays flat, or the embeddings collapse.
    """
    run = prepare(net, lesson, settings, seed)
    history: list[dict[str, float]] = []
    steps, silent = settings.epochs * len(run.batches), not run.fabric.is_global_zero
    with tqdm(total=steps, desc="train", unit="batch", mininterval=2, disable=silent) as progress:
        for epoch in range(settings.epochs):
            history.append(run_epoch(run, epoch, progress))
            progress.set_postfix(loss=f"{history[-1]['loss']:.3f}")
            alarms.check_falling([row["loss"] for row in history], settings.epochs)
    run.fabric.barrier()
    return pd.DataFrame(history)


def run_epoch(run: Run, epoch: int, progress: tqdm) -> dict[str, float]:
    """Every batch of one epoch; returns its row of the history, losses as means over batches."""
    run.batches.epoch = epoch
    run.learner.train()
    sums: dict[str, float] = defaultdict(float)
    for at, (crops, labels) in enumerate(run.loader):
        done = (epoch + at / len(run.batches)) / run.settings.epochs
        rate = schedule.set_rate(run.optimizer, done, run.settings.schedule)
        losses, features = run.learner(crops, labels)
        total = sum(losses.values())
        alarms.check_finite(total, losses, epoch)
        run.optimizer.zero_grad()
        run.fabric.backward(total)
        alarms.check_gradient(clip(run), epoch)
        run.optimizer.step()
        for name, value in {"loss": total, **losses}.items():
            sums[name] += float(value.detach()) / len(run.batches)
        progress.update()
    alarms.check_spread(features, epoch)
    return {"epoch": epoch, "rate": rate, **sums}


def clip(run: Run) -> Tensor:
    """Scale the gradient down to the norm `clip`, 0 for any; returns the norm that it had."""
    norm = run.settings.clip or math.inf
    return run.fabric.clip_gradients(
        run.learner, run.optimizer, max_norm=norm, error_if_nonfinite=False
    )


def prepare(net: EmbeddingNet, lesson: Lesson, settings: Train, seed: int) -> Run:
    """Put network, losses, optimiser and batches on this machine's device."""
    fabric = device.fabric(net)
    fabric.launch()
    torch.manual_seed(seed)
    net.freeze(settings.frozen_stages)
    identities = lesson.identities(settings.flip)
    loss = EmbeddingLoss(settings.loss, net.linear.out_features, identities)
    learner = Learner(net, loss)
    optimizer = torch.optim.AdamW(schedule.parameter_groups(learner, settings))
    learner, optimizer = fabric.setup(learner, optimizer)
    batches = batch_sampler(lesson, settings, seed, fabric)
    loader = data_loader(lesson, settings, batches)
    loader = fabric.setup_dataloaders(loader, use_distributed_sampler=False)
    return Run(fabric, learner, optimizer, batches, loader, settings)


def batch_sampler(lesson: Lesson, settings: Train, seed: int, fabric: Fabric) -> IdentityBatches:
    """P x K batches; every device draws its own from a seed of its own."""
    s = settings.sampler
    return IdentityBatches(
        lesson.rows,
        lesson.labels,
        identities=s.identities,
        views=s.views,
        new_whale_share=s.new_whale_share,
        flip="identity" if settings.flip in MIRRORED else settings.flip,
        seed=seed + 1_000_003 * fabric.global_rank,
    )


def data_loader(lesson: Lesson, settings: Train, batches: IdentityBatches) -> DataLoader:
    """Views prepared by worker processes; the batches are drawn here, in the main process."""
    views = Views(lesson.crops, settings.channels, settings.augment)
    return DataLoader(views, batch_sampler=batches, num_workers=device.workers())
