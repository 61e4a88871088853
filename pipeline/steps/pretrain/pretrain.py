"""Self-supervision: a backbone is trained on all photographs without their labels.

Labels are not used, but the test photographs are: the results are transductive, and the score card
says so.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from pipeline.models.embedding_net import EmbeddingNet
from pipeline.params import Augment, Pretrain
from pipeline.steps.pretrain.batches import PhotographBatches
from pipeline.steps.pretrain.clusters import Clusters
from pipeline.steps.pretrain.learner import SelfSupervisedLearner, build_task
from pipeline.system import device
from pipeline.training import health_checks, schedule
from pipeline.training.dataset import ViewDataset, build_loader
from pipeline.training.loop import Check, gradient_step, run_steps
from pipeline.training.optimizer import build_optimizer
from pipeline.training.step_log import StepLog

WEIGHT_DECAY = 1e-4
ONE_CLUSTER = 0.9  # of all photographs
REMEDY = "Lower pretrain.learning_rate, or take another pretrain.method"


@dataclass(frozen=True)
class PretrainingSession:
    """All that a step of self-supervision needs."""

    fabric: Fabric
    learner: nn.Module
    optimizer: torch.optim.Optimizer
    batches: PhotographBatches
    settings: Pretrain


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
    fabric = device.build_fabric(net)
    fabric.launch()
    torch.manual_seed(settings.seed)
    task = build_task(net.width, count, settings)
    session = start_session(fabric, SelfSupervisedLearner(net, task), count, settings)
    loader = build_loader(ViewDataset(crops, channels, strength), session.batches, fabric)
    session.learner.train()
    history = []
    for epoch in tqdm(range(settings.epochs), "pretrain", unit="epoch"):
        session.batches.epoch = epoch
        if isinstance(task, Clusters):
            renew_clusters(net, task, loader, epoch)
        with StepLog(epoch, device.scales_gradients(fabric), REMEDY) as log:
            for step in run_steps(
                loader, partial(set_rate, session, epoch), partial(update, session, log)
            ):
                vectors = step.result
        health_checks.check_spread(vectors, epoch, REMEDY)
        history.append({"epoch": epoch, "loss": log.finish()["loss"]})
    return pd.DataFrame(history)


def start_session(
    fabric: Fabric, learner: SelfSupervisedLearner, count: int, settings: Pretrain
) -> PretrainingSession:
    """Put the learner and its optimizer on the device, with batches of `count` photographs."""
    # every step sets the learning rate
    group = {"params": list(learner.parameters()), "weight_decay": WEIGHT_DECAY}
    optimizer = build_optimizer([group], fabric)
    views = 2 if settings.method == "simsiam" else 1
    batches = PhotographBatches(count, settings.batch, views, settings.seed)
    module, optimizer = fabric.setup(learner, optimizer)
    return PretrainingSession(fabric, module, optimizer, batches, settings)


def set_rate(session: PretrainingSession, epoch: int, step: int) -> float:
    """Set the learning rate, which falls to 0 along half a cosine, and return it."""
    done = (epoch + step / len(session.batches)) / session.settings.epochs
    factor = schedule.anneal_cosine(1, 0, done, 1)
    return schedule.set_learning_rate(session.optimizer, session.settings.learning_rate, factor)


def update(session: PretrainingSession, check: Check, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Train on one batch; returns the vectors that must not collapse."""
    loss, vectors = session.learner(*batch)
    losses: dict[str, Tensor] = {session.settings.method: loss}
    gradient_step(losses, session.optimizer, session.fabric.backward, check)
    return vectors


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
