"""One training under way: network, losses, optimiser and batches on this machine's device."""

import math
from dataclasses import dataclass

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
from pipeline.training.dataset import Views
from pipeline.training.pair_batches import PairBatches
from pipeline.training.samplers import IdentityBatches
from pipeline.training.training_set import MIRRORED, Lesson


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
    """What every step needs."""

    fabric: Fabric
    net: EmbeddingNet
    learner: nn.Module
    optimizer: torch.optim.Optimizer
    batches: IdentityBatches | PairBatches
    loader: DataLoader
    average: AveragedWeights
    lesson: Lesson
    settings: Train

    def backward(self, total: Tensor) -> Tensor:
        """Compute the gradient of a loss and scale it down to the norm `clip` (0: leave it).

        Returns the norm before clipping.
        """
        self.fabric.backward(total)
        norm = self.settings.clip or math.inf
        return self.fabric.clip_gradients(
            self.learner, self.optimizer, max_norm=norm, error_if_nonfinite=False
        )


def prepare(net: EmbeddingNet, lesson: Lesson, settings: Train, seed: int) -> Run:
    """Put network, losses, optimiser and batches on this machine's device."""
    fabric = device.fabric(net)
    fabric.launch()
    torch.manual_seed(seed)
    net.freeze(settings.frozen_stages)
    identities = lesson.identities(settings.flip, settings.class_power)
    loss = EmbeddingLoss(settings.loss, net.linear.out_features, identities, net.pair_head)
    learner = Learner(net, loss)
    optimizer = torch.optim.AdamW(schedule.parameter_groups(learner, settings))
    learner, optimizer = fabric.setup(learner, optimizer)
    batches = batch_sampler(lesson, settings, seed, fabric)
    loader = data_loader(lesson, settings, batches)
    loader = fabric.setup_dataloaders(loader, use_distributed_sampler=False)
    average = AveragedWeights(net, settings.average)
    return Run(fabric, net, learner, optimizer, batches, loader, average, lesson, settings)


def batch_sampler(
    lesson: Lesson, settings: Train, seed: int, fabric: Fabric
) -> IdentityBatches | PairBatches:
    """P x K batches or triples; every device draws its own from a seed of its own."""
    s = settings.sampler
    flip = "identity" if settings.flip in MIRRORED else settings.flip
    own = dict(identities=s.identities, flip=flip, seed=seed + 1_000_003 * fabric.global_rank)
    if s.kind == "pairs":
        return PairBatches(lesson.rows, lesson.labels, **own)
    return IdentityBatches(
        lesson.rows,
        lesson.labels,
        views=s.views,
        new_whale_fraction=s.new_whale_fraction,
        power=s.power,
        min_views=s.min_views,
        **own,
    )


def data_loader(lesson: Lesson, settings: Train, batches: IdentityBatches) -> DataLoader:
    """Views prepared by worker processes; the batches are drawn here, in the main process."""
    views = Views(lesson.crops, settings.channels, settings.augment, lesson.rows)
    return DataLoader(views, batch_sampler=batches, num_workers=device.workers())
