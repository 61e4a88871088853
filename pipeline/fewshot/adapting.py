"""What the gradient-based learners share: a start, and weights of its own for every task."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from pipeline.fewshot.learner import Learner
from pipeline.fewshot.networks import Conv, Dense, Weights
from pipeline.fewshot.tasks import Support, without_absent


class Adapting(Learner):
    """Scores are the logits of the network with the weights that a task's supports make of `start`.

    transductive: batch norm sees all of a task's queries together; otherwise the supports alone
    say what is usual.
    """

    def __init__(self, network: Dense | Conv, transductive: bool, seed: int) -> None:
        super().__init__()
        self.network, self.transductive = network, transductive
        self.start = nn.ParameterList(network.start(torch.Generator().manual_seed(seed)))

    @abstractmethod
    def learned(self, support: Support, ways: int) -> Weights:
        """Each task's own weights, t x ..., the output layer's last."""

    def scores(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        logits = self.answers(self.learned(support, ways), support, queries)
        return without_absent(logits, support, ways)

    def answers(self, weights: Weights, support: Support, queries: Tensor) -> Tensor:
        """Logits of the queries, t x q x ways."""
        if self.transductive:
            return self.network.logits(weights, queries)
        count = support.labels.shape[1]
        both = torch.cat([support.inputs, queries], dim=1)
        return self.network.logits(weights, both, reference=count)[:, count:]
