"""One epoch of a training: its batches, steps, and validations within it."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from pipeline.system import device
from pipeline.training import health_checks, inner_validation, schedule
from pipeline.training.dataset import ViewDataset
from pipeline.training.loop import Check, gradient_step, run_steps
from pipeline.training.pair_batches import PairBatches, mine_hard_negatives
from pipeline.training.session import TrainingSession
from pipeline.training.step_log import StepLog

Row = dict[str, float]  # of the history


def train_epoch(session: TrainingSession, epoch: int, plateaus: int, progress: tqdm) -> list[Row]:
    """Train one epoch; returns its row of the history, the losses being means over batches.

    Rows of validations within the epoch come before it.
    """
    start_epoch(session, epoch)
    validations: list[Row] = []
    rate_setter = partial(set_rate, session, epoch, plateaus)
    with StepLog(epoch, device.scales_gradients(session.fabric)) as log:
        update_step = partial(update, session, epoch, log)
        for step in run_steps(enumerate(session.loader), rate_setter, update_step):
            session.average.after_step(session.done(epoch, step.number))
            progress.update()
            validations += validate_within(session, epoch, step.number + 1)
    losses = log.finish()
    session.average.after_epoch((epoch + 1) / session.settings.epochs)
    health_checks.check_spread(step.result, epoch)
    return [*validations, {"epoch": epoch, "rate": step.learning_rate, **losses}]


def start_epoch(session: TrainingSession, epoch: int) -> None:
    """Choose the epoch's batches, mine hard negatives, and freeze the backbone or not."""
    session.batches.epoch = epoch
    if isinstance(session.batches, PairBatches) and epoch:
        mine = partial(mine_negatives, session, session.batches, epoch)
        session.batches.hard_negatives = session.once(mine)
    session.net.freeze_backbone(epoch < session.settings.head_epochs)
    session.learner.train()


def set_rate(session: TrainingSession, epoch: int, plateaus: int, step: int) -> float:
    """Set the learning rate of a step of an epoch, and return it."""
    settings = session.settings
    factor = schedule.lr_factor(session.done(epoch, step), settings.schedule, plateaus)
    return schedule.set_learning_rate(session.optimizer, settings.learning_rate, factor)


def update(
    session: TrainingSession, epoch: int, check: Check, batch: tuple[int, tuple[Tensor, Tensor]]
) -> Tensor:
    """Train on one batch, numbered within its epoch; returns the features."""
    step, (crops, labels) = batch
    resize = session.settings.resize
    scale = resize.scale if session.done(epoch, step) < resize.until else 1.0
    losses, features = session.learner(shrink(crops, scale), labels)
    gradient_step(losses, session.optimizer, session.backward, check)
    return features


def validate_within(session: TrainingSession, epoch: int, batches: int) -> list[Row]:
    """Validate after so many batches of an epoch if `inner.every` asks for it; returns the rows.

    Not after the last batch: a validation follows every epoch anyway.
    """
    validation, every = session.training_set.validation, session.settings.inner.every
    total = epoch * len(session.batches) + batches
    if not validation or not every or total % every or batches == len(session.batches):
        return []
    # the row of a whole epoch has its number and stands for its end
    place = epoch - 1 + batches / len(session.batches)
    row = {"epoch": place, **session.once(partial(validation.evaluate, session.net))}
    session.learner.train()
    return [row]


def mine_negatives(session: TrainingSession, batches: PairBatches, epoch: int) -> np.ndarray:
    """Find every training image's hard negative by the current network."""
    settings, net = session.settings, session.net
    views = ViewDataset(session.training_set.crops, settings.channels, None)
    noise = settings.sampler.noise * (1 - epoch / settings.epochs)
    rng = np.random.default_rng([batches.seed, epoch, 1])
    vectors = inner_validation.embed_rows(net, views, batches.rows).to(session.fabric.device)
    block = settings.sampler.block
    return mine_hard_negatives(vectors, net.pair_head, batches.labels, block, noise, rng)


def shrink(crops: Tensor, scale: float) -> Tensor:
    """Resize crops, n x C x H x W uint8, to `scale` times their height and width."""
    if scale == 1:
        return crops
    small = F.interpolate(crops.float(), scale_factor=scale, mode="bilinear", antialias=True)
    return small.round().clamp(0, 255).to(torch.uint8)
