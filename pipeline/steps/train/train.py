"""Train one member: a backbone with one fold held out. A plain loop on Lightning Fabric."""

from collections import defaultdict
from functools import partial

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from pipeline.models.embedding_net import EmbeddingNet
from pipeline.params import Train
from pipeline.training import health_checks, inner_split, schedule
from pipeline.training.dataset import Views
from pipeline.training.loop import gradient_step, run_steps
from pipeline.training.pair_batches import mined
from pipeline.training.session import Run, prepare
from pipeline.training.training_set import Lesson


def train(net: EmbeddingNet, lesson: Lesson, settings: Train, seed: int) -> pd.DataFrame:
    """Train `net` in place; returns the history, one row an epoch.

    With an inner split, a row has its score (of the weights as they are, not of an average), and
    with patience the network keeps the weights of the best epoch. With `inner.every`, rows between
    the epochs' have a score alone.

    Raises `alarms.TrainingFailed` naming the cause where the loss or its gradient is not finite,
    the loss stays flat, or the embeddings collapse.
    """
    run = prepare(net, lesson, settings, seed)
    history: list[dict[str, float]] = []
    scores: list[float] = []
    best: dict[str, Tensor] = {}
    steps, silent = settings.epochs * len(run.batches), not run.fabric.is_global_zero
    with tqdm(total=steps, desc="train", unit="batch", mininterval=2, disable=silent) as progress:
        for epoch in range(settings.epochs):
            plateaus = schedule.plateaus(scores, settings.schedule.patience)
            history += run_epoch(run, epoch, plateaus, progress)
            progress.set_postfix(loss=f"{history[-1]['loss']:.3f}")
            # the first epoch of pairs has random strangers, which are easier than mined ones
            easy = int(settings.sampler.kind == "pairs")
            losses = [row["loss"] for row in history if "loss" in row]
            health_checks.check_falling(losses[easy:], settings.epochs - easy)
            if lesson.examination:
                history[-1] |= lesson.examination.scores(net)
            # all devices must decide alike
            score = history[-1].get("inner", -history[-1]["loss"])
            scores.append(run.fabric.broadcast(score))
            if settings.inner.patience and inner_split.waited(scores) == 0:
                best = {name: tensor.clone() for name, tensor in net.state_dict().items()}
            if 0 < settings.inner.patience <= inner_split.waited(scores):
                break
    if best:
        net.load_state_dict(best)
    run.average.finish(run.loader)
    run.fabric.barrier()
    return pd.DataFrame(history)


def run_epoch(run: Run, epoch: int, plateaus: int, progress: tqdm) -> list[dict[str, float]]:
    """Every batch of one epoch; returns its row of the history, losses as means over batches, after
    those of the inner split's scores on the way.
    """
    settings = run.settings
    run.batches.epoch = epoch
    if settings.sampler.kind == "pairs" and epoch:
        run.batches.strangers = strangers(run, epoch)
    run.net.hold_backbone(epoch < settings.head_epochs)
    run.learner.train()
    sums: dict[str, float] = defaultdict(float)
    between: list[dict[str, float]] = []
    check = partial(health_checks.check_step, epoch=epoch)

    def done(step: int) -> float:
        """The fraction of the training before a step of this epoch."""
        return (epoch + step / len(run.batches)) / settings.epochs

    def set_rate(step: int) -> float:
        factor = schedule.scheduled_factor(done(step), settings.schedule, plateaus)
        return schedule.set_learning_rate(run.optimizer, settings.learning_rate, factor)

    def update(batch: tuple[int, tuple[Tensor, Tensor]]) -> tuple[dict[str, Tensor], Tensor]:
        number, (crops, labels) = batch
        scale = settings.resize.scale if done(number) < settings.resize.until else 1.0
        losses, features = run.learner(shrunk(crops, scale), labels)
        total = gradient_step(losses, run.optimizer, run.backward, check)
        return {"loss": total, **losses}, features

    for step in run_steps(enumerate(run.loader), set_rate, update):
        losses, features = step.result
        run.average.after_step(done(step.number))
        for name, value in losses.items():
            sums[name] += float(value.detach()) / len(run.batches)
        progress.update()
        if asked_after(run, epoch, step.number + 1):
            # an epoch's own row has its number, and is of its end
            place = epoch - 1 + (step.number + 1) / len(run.batches)
            between.append({"epoch": place, **run.lesson.examination.scores(run.net)})
            run.learner.train()
    run.average.after_epoch((epoch + 1) / settings.epochs)
    health_checks.check_spread(features, epoch)
    return [*between, {"epoch": epoch, "rate": step.learning_rate, **sums}]


def asked_after(run: Run, epoch: int, batches: int) -> bool:
    """Whether the inner split is asked after so many batches of an epoch: not after its last one,
    when it is asked in any case.
    """
    every = run.settings.inner.every if run.lesson.examination else 0
    done = epoch * len(run.batches) + batches
    return every > 0 and done % every == 0 and batches < len(run.batches)


def strangers(run: Run, epoch: int) -> np.ndarray:
    """Every training image's hard stranger, by what the network says now."""
    batches, sampler = run.batches, run.settings.sampler
    views = Views(run.lesson.crops, run.settings.channels, None)
    noise = sampler.noise * (1 - epoch / run.settings.epochs)
    rng = np.random.default_rng([batches.seed, epoch, 1])
    vectors = inner_split.unit_vectors(run.net, views, batches.rows).to(run.fabric.device)
    return mined(vectors, run.net.pair_head, batches.labels, sampler.block, noise, rng)


def shrunk(crops: Tensor, scale: float) -> Tensor:
    """n x C x H x W uint8 at `scale` times the height and width."""
    if scale == 1:
        return crops
    small = F.interpolate(crops.float(), scale_factor=scale, mode="bilinear", antialias=True)
    return small.round().clamp(0, 255).to(torch.uint8)
