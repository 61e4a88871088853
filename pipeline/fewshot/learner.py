"""What every few-shot learner is: something that tells queries apart by a few examples a class.

The loop of `pipeline.fewshot.fit` calls `update` on tasks of background classes; `scores` then
answers tasks of classes never seen.
"""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.fewshot.tasks import Episodes, Support

CLIP = 5.0  # largest gradient norm


class Learner(nn.Module, ABC):
    """A few-shot learner. Most of them minimise a loss; Reptile has an update of its own."""

    @abstractmethod
    def scores(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        """How much each query looks like each class, t x q x ways; higher is better.

        -inf for a class without an example. No query has a say in another's scores, but for
        learners that say `transductive`.
        """

    def loss(self, episodes: Episodes) -> Tensor:
        """Mean cross-entropy of the queries' scores."""
        scores = self.scores(episodes.support, episodes.queries, episodes.ways)
        return F.cross_entropy(scores.flatten(0, 1), episodes.truth.flatten())

    def update(self, episodes: Episodes, optimiser: torch.optim.Optimizer) -> float:
        """One step of learning; returns the loss before it."""
        optimiser.zero_grad()
        loss = self.loss(episodes)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters(), CLIP)
        optimiser.step()
        return loss.item()

    def settle(self, episodes: list[Episodes]) -> None:
        """What is worked out once, after the last update, of background tasks."""
