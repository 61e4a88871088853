"""A training session: network, losses, optimizer and batches on this machine's device."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader

from pipeline.losses.embedding_loss import EmbeddingLoss
from pipeline.models.embedding_net import EmbeddingNet
from pipeline.params import Train
from pipeline.system import device
from pipeline.training import schedule
from pipeline.training.averaging import AveragedWeights
from pipeline.training.budget import Budget, plan_budget
from pipeline.training.dataset import ViewDataset, build_loader
from pipeline.training.feature_views import compute_features
from pipeline.training.learner import Learner, SharedLearner
from pipeline.training.optimizer import build_optimizer
from pipeline.training.pair_batches import PairBatches
from pipeline.training.samplers import IdentityBatches
from pipeline.training.shared_batch import Share, SharedBatches
from pipeline.training.shared_norm import share_batch_norm
from pipeline.training.training_set import MIRROR_FLIPS, TrainingSet

Result = TypeVar("Result")


@dataclass(frozen=True)
class TrainingSession:
    """All that a training step needs; `settings.epochs` is the budget's.

    batches : whole ones, of which `loader` has this process's part
    """

    fabric: Fabric
    net: EmbeddingNet
    learner: nn.Module
    optimizer: torch.optim.Optimizer
    batches: IdentityBatches | PairBatches
    loader: DataLoader
    average: AveragedWeights
    training_set: TrainingSet
    settings: Train
    budget: Budget

    def done(self, epoch: int, step: int) -> float:
        """The fraction of the training before a step, which is numbered within its epoch."""
        return (epoch + step / len(self.batches)) / self.settings.epochs

    def backward(self, total: Tensor) -> Tensor | None:
        """Compute the gradient of a loss and scale it down to the norm `clip` (0: any norm).

        Returns the norm before clipping.
        """
        self.fabric.backward(total)
        max_norm = self.settings.clip or math.inf
        return self.fabric.clip_gradients(
            self.learner, self.optimizer, max_norm=max_norm, error_if_nonfinite=False
        )

    def once(self, compute: Callable[[], Result]) -> Result:
        """The result of a function that the first process calls; the others wait for it."""
        return self.fabric.broadcast(compute() if self.fabric.is_global_zero else None)  # type: ignore[return-value]


def start_session(
    net: EmbeddingNet, training_set: TrainingSet, settings: Train, seed: int
) -> TrainingSession:
    """Put network, losses, optimizer and batches on this machine's device.

    With settings that train the head alone, the batches show features that the backbone gives once,
    in place of views of the crops. Raises UserError for settings that don't fit the network.
    """
    features = None
    if settings.head_alone:
        plain = ViewDataset(training_set.crops, settings.channels, None)
        features = compute_features(net, plain, training_set.rows, settings.flip)
        settings = train_head_alone(settings)
    net.freeze_stages(settings.frozen_stages)  # first: the precision depends on it
    fabric = device.build_fabric(net)
    fabric.launch()
    torch.manual_seed(seed)
    identities = training_set.identities(settings.flip, settings.class_power)
    loss = EmbeddingLoss(settings.loss, net.dim, identities, net.pair_head)
    batches = build_batch_sampler(training_set, settings, seed)
    own_batches: IdentityBatches | PairBatches | SharedBatches = batches
    learner = Learner(net, loss)
    if fabric.world_size > 1:
        share = Share(fabric.global_rank, fabric.world_size, batches.batch_views)
        learner, own_batches = SharedLearner(net, loss, share), SharedBatches(batches, share)
    optimizer = build_optimizer(schedule.parameter_groups(learner, settings), fabric)
    learner, optimizer = fabric.setup(learner, optimizer)
    net.fold_frozen_stages()
    if fabric.world_size > 1:
        share_batch_norm(net)  # of what has not been folded
    views = features or ViewDataset(
        training_set.crops, settings.channels, settings.augment, training_set.rows
    )
    loader = build_loader(views, own_batches, fabric)
    average = AveragedWeights(net, settings.average)
    budget = plan_budget(training_set.labels, batches, settings)
    settings = settings.model_copy(update={"epochs": budget.epochs})
    return TrainingSession(
        fabric, net, learner, optimizer, batches, loader, average, training_set, settings, budget
    )


def train_head_alone(settings: Train) -> Train:
    """The settings of a training whose batches are features, which no crop can be shrunk for."""
    resize = settings.resize.model_copy(update={"until": 0.0})
    epochs = {"epochs": settings.head_epochs, "head_epochs": 0}
    return settings.model_copy(update={**epochs, "resize": resize})


def build_batch_sampler(
    training_set: TrainingSet, settings: Train, seed: int
) -> IdentityBatches | PairBatches:
    """Build the sampler of P x K batches or of triples."""
    rows, labels, sampler = training_set.rows, training_set.labels, settings.sampler
    flip = "identity" if settings.flip in MIRROR_FLIPS else settings.flip
    if sampler.kind == "pairs":
        return PairBatches(rows, labels, identities=sampler.identities, flip=flip, seed=seed)
    return IdentityBatches(rows, labels, sampler, flip=flip, seed=seed)
