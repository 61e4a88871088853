"""MAML: initial weights for a few gradient steps (Finn et al. 2017, arXiv:1703.03400)."""

from dataclasses import replace

import torch

from pipeline.fewshot.gradient_based import GradientBasedLearner
from pipeline.fewshot.inner_loop import InnerLoop, adapt
from pipeline.fewshot.networks import Conv, Dense, Weights, repeat_weights
from pipeline.fewshot.tasks import Support


class MAML(GradientBasedLearner):
    """The initial weights minimise the queries' loss after the inner loop on the support set.

    loop: its learning rates are per class and are multiplied by the number of ways (classes
        without an example included): in the mean over examples each class has a smaller weight
        the more ways there are. Without second_order, the loss is differentiated as if the
        result differed from the start by a constant (FOMAML).
    transductive: batch norm averages over all queries of a task, as in the publication.
    """

    def __init__(
        self, network: Dense | Conv, loop: InnerLoop, transductive: bool = False, seed: int = 0
    ) -> None:
        super().__init__(network, transductive, seed)
        self.loop = loop

    def adapt(self, support: Support, ways: int) -> Weights:
        start = repeat_weights(tuple(self.start), len(support.labels))
        loop = self._loop_of(ways)
        adapted = adapt(self.network, start, support, ways, loop)
        if loop.second_order or not torch.is_grad_enabled():
            return adapted
        # first order: the derivative of the result with respect to the start is the identity
        attached = [
            result + (weight - weight.detach())
            for result, weight in zip(adapted, start, strict=False)
        ]
        return *attached, *adapted[len(start) :]

    def _loop_of(self, ways: int) -> InnerLoop:
        """The inner loop with the learning rates of a task of so many ways."""
        rate, output_rate = self.loop.learning_rate, self.loop.output_learning_rate
        return replace(
            self.loop,
            learning_rate=rate * ways,
            output_learning_rate=None if output_rate is None else output_rate * ways,
            second_order=self.loop.second_order and torch.is_grad_enabled(),
        )
