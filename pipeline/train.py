"""Train one member: a backbone with one fold held out. A plain loop on Lightning Fabric."""

import math
from collections import defaultdict
from dataclasses import dataclass

import pandas as pd
import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from pipeline import alarms, device, inner, schedule
from pipeline.averaging import AveragedWeights
from pipeline.dataset import Views
from pipeline.lesson import MIRRORED, Lesson
from pipeline.losses.embedding_loss import EmbeddingLoss
from pipeline.model import EmbeddingNet
from pipeline.params import Train
from pipeline.samplers import IdentityBatches


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
    net: EmbeddingNet
    learner: nn.Module
    optimizer: torch.optim.Optimizer
    batches: IdentityBatches
    loader: DataLoader
    average: AveragedWeights
    settings: Train


def train(net: EmbeddingNet, lesson: Lesson, settings: Train, seed: int) -> pd.DataFrame:
    """Train `net` in place; returns the history, one row an epoch.

    With an inner split, a row has its score, and with patience the network keeps the weights of the
    best epoch. Raises `alarms.TrainingFailed` naming the cause where the loss or its gradient is
    not finite, the loss stays flat, or the embeddings collapse.
    """
    run = prepare(net, lesson, settings, seed)
    history: list[dict[str, float]] = []
    scores: list[float] = []
    best: dict[str, Tensor] = {}
    steps, silent = settings.epochs * len(run.batches), not run.fabric.is_global_zero
    with tqdm(total=steps, desc="train", unit="batch", mininterval=2, disable=silent) as progress:
        for epoch in range(settings.epochs):
            plateaus = schedule.plateaus(scores, settings.schedule.patience)
            history.append(run_epoch(run, epoch, plateaus, progress))
            progress.set_postfix(loss=f"{history[-1]['loss']:.3f}")
            alarms.check_falling([row["loss"] for row in history], settings.epochs)
            if lesson.examination:
                history[-1]["inner"] = lesson.examination.score(net)
            scores.append(history[-1].get("inner", -history[-1]["loss"]))
            if settings.inner.patience and inner.waited(scores) == 0:
                best = {name: tensor.clone() for name, tensor in net.state_dict().items()}
            if 0 < settings.inner.patience <= inner.waited(scores):
                break
    if best:
        net.load_state_dict(best)
    run.average.finish(run.loader)
    run.fabric.barrier()
    return pd.DataFrame(history)


def run_epoch(run: Run, epoch: int, plateaus: int, progress: tqdm) -> dict[str, float]:
    """Every batch of one epoch; returns its row of the history, losses as means over batches."""
    settings = run.settings
    run.batches.epoch = epoch
    run.net.hold_backbone(epoch < settings.head_epochs)
    run.learner.train()
    scale = settings.resize.scale if epoch < settings.resize.until * settings.epochs else 1.0
    sums: dict[str, float] = defaultdict(float)
    for at, (crops, labels) in enumerate(run.loader):
        done = (epoch + at / len(run.batches)) / settings.epochs
        rate = schedule.set_rate(run.optimizer, done, settings.schedule, plateaus)
        losses, features = run.learner(shrunk(crops, scale), labels)
        total = sum(losses.values())
        alarms.check_finite(total, losses, epoch)
        run.optimizer.zero_grad()
        run.fabric.backward(total)
        alarms.check_gradient(clip(run), epoch)
        run.optimizer.step()
        run.average.after_step(done)
        for name, value in {"loss": total, **losses}.items():
            sums[name] += float(value.detach()) / len(run.batches)
        progress.update()
    run.average.after_epoch((epoch + 1) / settings.epochs)
    alarms.check_spread(features, epoch)
    return {"epoch": epoch, "rate": rate, **sums}


def shrunk(crops: Tensor, scale: float) -> Tensor:
    """n x C x H x W uint8 at `scale` times the height and width."""
    if scale == 1:
        return crops
    small = F.interpolate(crops.float(), scale_factor=scale, mode="bilinear", antialias=True)
    return small.round().clamp(0, 255).to(torch.uint8)


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
    identities = lesson.identities(settings.flip, settings.class_power)
    loss = EmbeddingLoss(settings.loss, net.linear.out_features, identities)
    learner = Learner(net, loss)
    optimizer = torch.optim.AdamW(schedule.parameter_groups(learner, settings))
    learner, optimizer = fabric.setup(learner, optimizer)
    batches = batch_sampler(lesson, settings, seed, fabric)
    loader = data_loader(lesson, settings, batches)
    loader = fabric.setup_dataloaders(loader, use_distributed_sampler=False)
    average = AveragedWeights(net, settings.average)
    return Run(fabric, net, learner, optimizer, batches, loader, average, settings)


def batch_sampler(lesson: Lesson, settings: Train, seed: int, fabric: Fabric) -> IdentityBatches:
    """P x K batches; every device draws its own from a seed of its own."""
    s = settings.sampler
    return IdentityBatches(
        lesson.rows,
        lesson.labels,
        identities=s.identities,
        views=s.views,
        new_whale_share=s.new_whale_share,
        power=s.power,
        least=s.least,
        flip="identity" if settings.flip in MIRRORED else settings.flip,
        seed=seed + 1_000_003 * fabric.global_rank,
    )


def data_loader(lesson: Lesson, settings: Train, batches: IdentityBatches) -> DataLoader:
    """Views prepared by worker processes; the batches are drawn here, in the main process."""
    views = Views(lesson.crops, settings.channels, settings.augment, lesson.rows)
    return DataLoader(views, batch_sampler=batches, num_workers=device.workers())
