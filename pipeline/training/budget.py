"""The budget of a training: how many epochs, and how often they show each individual."""

import math
from dataclasses import asdict, dataclass

import numpy as np

from pipeline.params import Train
from pipeline.system.errors import UserError
from pipeline.training.pair_batches import PairBatches
from pipeline.training.samplers import IdentityBatches

# of one learning-rate schedule; more than anybody has used
MAX_EPOCHS = 10_000


@dataclass(frozen=True)
class Budget:
    """What a training will show, whatever number of devices share its batches.

    photographs, individuals : the known ones that are trained on
    batches : of an epoch
    views : of the whole training, those of new_whale included
    views_per_identity, fewest_views : of the mean individual, and of the rarest
    """

    photographs: int
    individuals: int
    new_whales: int
    batches: int
    epochs: int
    views: int
    views_per_identity: float
    fewest_views: int

    def describe(self) -> list[str]:
        """Two lines for the log."""
        new = f" and {self.new_whales:,} of new_whale" if self.new_whales else ""
        return [
            f"train: {self.photographs:,} photographs of {self.individuals:,} individuals{new}; "
            f"{self.batches:,} batches x {self.epochs:,} epochs, {self.views:,} views",
            f"train: the mean individual is seen {self.views_per_identity:,.0f} times, the rarest "
            f"{self.fewest_views:,} times",
        ]

    def facts(self) -> dict[str, int | float]:
        """The budget by name, for a file."""
        return asdict(self) | {"views_per_identity": round(self.views_per_identity, 1)}


def plan_budget(
    labels: np.ndarray, batches: IdentityBatches | PairBatches, settings: Train
) -> Budget:
    """Plan a training: `settings.epochs`, or as many as `settings.views_per_identity` takes.

    labels : of the training set's photographs, -1 for new_whale

    Raises UserError if all of these epochs would train the head alone.
    """
    known, epoch = labels[labels >= 0], batches.count_views()
    wanted = math.ceil(settings.views_per_identity / epoch.mean())
    epochs = settings.epochs or min(max(wanted, 1), MAX_EPOCHS)
    if settings.head_epochs >= epochs:
        raise UserError(
            f"train.head_epochs is {settings.head_epochs}, but views_per_identity "
            f"{settings.views_per_identity} gives {epochs} epochs: the backbone is never trained"
        )
    return Budget(
        photographs=len(known),
        individuals=len(epoch),
        new_whales=len(labels) - len(known),
        batches=len(batches),
        epochs=epochs,
        views=epochs * len(batches) * batches.batch_views,
        views_per_identity=float(epochs * epoch.mean()),
        fewest_views=int(epochs * epoch.min()),
    )
