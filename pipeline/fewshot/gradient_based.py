"""Base class of the learners that adapt a network to each task by gradients."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from pipeline.fewshot.learner import Learner
from pipeline.fewshot.networks import Conv, Dense, Weights
from pipeline.fewshot.tasks import Support, mask_absent_classes


class GradientBasedLearner(Learner):
    """Scores are the logits of the network with the weights adapted to a task's support set.

    start: initial weights, s x ...; s is 1 unless a learner trains several starts side by side.
    transductive: batch norm averages over all queries of a task; otherwise over its support set.
    """

    def __init__(
        self, network: Dense | Conv, transductive: bool, seed: int, starts: int = 1
    ) -> None:
        super().__init__()
        self.network, self.transductive = network, transductive
        weights = network.initial_weights(torch.Generator().manual_seed(seed))
        self.start = nn.ParameterList(
            tensor.expand(starts, *tensor.shape).clone() for tensor in weights
        )

    @abstractmethod
    def adapt(self, support: Support, ways: int) -> Weights:
        """The weights adapted to each task, t x ..., the output layer last."""

    def score(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        return self.score_adapted(self.adapt(support, ways), support, queries, ways)

    def score_adapted(
        self, weights: Weights, support: Support, queries: Tensor, ways: int
    ) -> Tensor:
        """The queries' logits by adapted weights, t x q x ways; -inf for absent classes."""
        if self.transductive:
            logits = self.network.logits(weights, queries)
        else:
            count = support.labels.shape[1]
            both = torch.cat([support.inputs, queries], dim=1)
            logits = self.network.logits(weights, both, reference=count)[:, count:]
        return mask_absent_classes(logits, support, ways)
