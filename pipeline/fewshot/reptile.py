"""Reptile: initial weights near those adapted to tasks (Nichol et al. 2018, arXiv:1803.02999)."""

import torch
from torch import Tensor

from pipeline.fewshot.gradient_based import GradientBasedLearner
from pipeline.fewshot.inner_loop import InnerLoop, adapt, task_costs
from pipeline.fewshot.networks import Conv, Dense, Weights, repeat_weights
from pipeline.fewshot.tasks import Episodes, Support, merge_sets


class Reptile(GradientBasedLearner):
    """The start moves towards the mean of the tasks' adapted weights.

    loop: of meta-training. The optimizer's learning rate is the step of the meta-update (epsilon).
    adapt_steps: of the inner loop for a task that is scored, all its examples in each step
    starts: so many independent starts are trained side by side, all from the same initial weights
    transductive: batch norm averages over all queries of a task.
    """

    def __init__(
        self,
        network: Dense | Conv,
        loop: InnerLoop,
        adapt_steps: int,
        starts: int = 1,
        transductive: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(network, transductive, seed, starts)
        self.loop = loop
        self.scoring_loop = InnerLoop(adapt_steps, loop.learning_rate)

    @torch.no_grad()
    def update(self, episodes: Episodes, optimizer: torch.optim.Optimizer) -> float:
        """One meta-update, on support and query sets together: Reptile does not separate them.

        Of s starts, the first is moved by the first of s equal parts of the tasks, and so on.
        Returns the loss after the inner loop: before it, all classes are equally likely.
        """
        support, ways = merge_sets(episodes), episodes.ways
        start = tuple(self.start)
        repeated = repeat_weights(start, len(support.labels))
        adapted = adapt(self.network, repeated, support, ways, self.loop)
        moved = move_towards(start, adapted, optimizer.param_groups[0]["lr"])
        for weight, new in zip(self.start, moved, strict=True):
            weight.copy_(new)
        return task_costs(self.network.logits(adapted, support.inputs), support).mean().item()

    def adapt(self, support: Support, ways: int) -> Weights:
        start = repeat_weights(tuple(self.start), len(support.labels))
        return adapt(self.network, start, support, ways, self.scoring_loop)

    def score_from(self, starts: Tensor, support: Support, queries: Tensor, ways: int) -> Tensor:
        """As `score`, each task from the start of the given number (t)."""
        start = tuple(weight[starts] for weight in self.start)
        adapted = adapt(self.network, start, support, ways, self.scoring_loop)
        return self.score_adapted(adapted, support, queries, ways)


def move_towards(start: Weights, adapted: Weights, rate: float) -> Weights:
    """Starts (s x ...) moved by `rate` towards the mean of their tasks' adapted weights (t x ...).

    The tasks' output layers, which come last, are not part of a start.
    """

    def move(weight: Tensor, results: Tensor) -> Tensor:
        return weight + rate * (results.unflatten(0, (len(weight), -1)).mean(dim=1) - weight)

    return tuple(move(weight, results) for weight, results in zip(start, adapted, strict=False))
