"""The interface of every few-shot learner: classify queries by a few examples per class.

The loop of `pipeline.fewshot.fit` calls `update` on episodes of background classes; `score` then
scores queries of tasks whose classes the learner has never seen.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.fewshot.tasks import Episodes, Support
from pipeline.training.loop import gradient_step

CLIP = 5.0  # largest gradient norm


class Learner(nn.Module, ABC):
    """A few-shot learner. Most learners minimise a loss; Reptile overrides `update`."""

    @abstractmethod
    def score(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        """Similarity of each query to each class, t x q x ways; higher is better.

        -inf for a class without an example. The scores of a query do not depend on the other
        queries of its task, except for learners that are documented as transductive.
        """

    def loss(self, episodes: Episodes) -> Tensor:
        """Mean cross-entropy of the queries' scores."""
        scores = self.score(episodes.support, episodes.queries, episodes.ways)
        return F.cross_entropy(scores.flatten(0, 1), episodes.truth.flatten())

    def update(self, episodes: Episodes, optimizer: torch.optim.Optimizer) -> float:
        """Train on one batch of episodes; returns the loss before the step."""
        loss = self.loss(episodes)
        return gradient_step({"episodes": loss}, optimizer, self._backward).item()

    def _backward(self, loss: Tensor) -> Tensor:
        """Compute the gradient, clipped; returns its norm before."""
        loss.backward()
        return nn.utils.clip_grad_norm_(self.parameters(), CLIP)

    def finish_training(self, batches: Iterable[Episodes]) -> None:
        """Compute what is estimated once after the last update, from batches of episodes."""
