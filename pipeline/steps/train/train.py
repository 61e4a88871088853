"""Train one member: a backbone with one fold held out. On Lightning Fabric, by `training.loop`."""

import logging
from functools import partial
from pathlib import Path

import pandas as pd
from torch import Tensor
from tqdm import tqdm

from pipeline.models.embedding_net import EmbeddingNet
from pipeline.params import Train
from pipeline.steps.train.epoch import Row, train_epoch
from pipeline.training import convergence, health_checks, inner_validation, schedule
from pipeline.training.budget import Budget
from pipeline.training.live_curves import open_curves
from pipeline.training.session import TrainingSession, start_session
from pipeline.training.training_set import TrainingSet

logger = logging.getLogger(__name__)

COLUMNS = ["epoch", "rate", "loss"]  # of an empty one
Summary = dict[str, int | float | str | None]  # of a training; see `summarise`


def train(
    net: EmbeddingNet,
    training_set: TrainingSet,
    settings: Train,
    seed: int,
    live: Path | None = None,
) -> tuple[pd.DataFrame, Summary]:
    """Train `net` in place; returns the history, one row per epoch, and a summary.

    Settings that train nothing leave it as it is, with an empty history. Those that train the head
    alone do so on features that the backbone gives once, without augmentation.

    With inner validation, a row has its score (of the current weights, not of an average), and with
    patience the network gets the weights of the best epoch. With `inner.every` there are rows
    between the epochs', with the score alone.

    live : folder in which TensorBoard finds the rows while the network is trained

    Raises `health_checks.TrainingFailed`, which names the cause, if the loss, its gradient or the
    weights are not finite, the loss stays flat, or the embeddings collapse.
    """
    if settings.frozen:
        return pd.DataFrame(columns=COLUMNS), summarise_frozen(training_set)
    session = start_session(net, training_set, settings, seed)
    settings = session.settings
    history: list[Row] = []
    scores: list[float] = []
    best: dict[str, Tensor] = {}
    steps, hidden = settings.epochs * len(session.batches), not session.fabric.is_global_zero
    if not hidden:
        print(*session.budget.describe(), sep="\n", flush=True)
    with (
        open_curves(None if hidden else live) as report,
        tqdm(total=steps, desc="train", unit="batch", mininterval=2, disable=hidden) as progress,
    ):
        for epoch in range(settings.epochs):
            plateaus = schedule.count_plateaus(scores, settings.schedule.patience)
            history += train_epoch(session, epoch, plateaus, progress)
            progress.set_postfix(loss=f"{history[-1]['loss']:.3f}")
            check_history(history, settings)
            if training_set.validation:
                history[-1] |= session.once(partial(training_set.validation.evaluate, net))
            report(history[-1])
            # all devices must decide alike
            score = history[-1].get("inner", -history[-1]["loss"])
            scores.append(session.fabric.broadcast(score))
            since_best = inner_validation.epochs_since_best(scores)
            if settings.inner.patience and since_best == 0:
                best = {name: tensor.clone() for name, tensor in net.state_dict().items()}
            if 0 < settings.inner.patience <= since_best:
                break
    if best:
        net.load_state_dict(best)
    session.average.finish(session.loader)
    health_checks.check_weights(net)
    summary = session.once(partial(summarise, session, history))
    return pd.DataFrame(history), summary


def summarise(session: TrainingSession, history: list[Row]) -> Summary:
    """The budget's facts, `fit` (None if not measured), and `not_converged`: why, or "" if it has.

    Warns if it has not.
    """
    fit = convergence.measure_fit(session.net, session.training_set, session.settings.channels)
    shortfall = convergence.explain_shortfall(fit, history, session.budget.epochs)
    if fit is not None and shortfall:
        logger.warning(
            "the training has not converged: it recognises only %.0f%% of the photographs that it "
            "was trained on; %s (train.epochs, or train.views_per_identity, %.0f now)",
            *(100 * fit, shortfall, session.budget.views_per_identity),
        )
    rounded = None if fit is None else round(fit, 4)
    return {**session.budget.facts(), "fit": rounded, "not_converged": shortfall}


def summarise_frozen(training_set: TrainingSet) -> Summary:
    """The summary of a network that is used as it came."""
    print("train: nothing is trained; the embedding is the backbone's own features", flush=True)
    known = int((training_set.labels >= 0).sum())
    budget = Budget(
        photographs=known,
        individuals=int(training_set.labels.max()) + 1,
        new_whales=len(training_set.labels) - known,
        batches=0,
        epochs=0,
        views=0,
        views_per_identity=0.0,
        fewest_views=0,
    )
    return {**budget.facts(), "fit": None, "not_converged": ""}


def check_history(history: list[Row], settings: Train) -> None:
    """Check that the loss falls; the first epoch of pairs has random, easier negatives."""
    easy = int(settings.sampler.kind == "pairs")
    losses = [row["loss"] for row in history if "loss" in row]
    health_checks.check_falling(losses[easy:], settings.epochs - easy)
