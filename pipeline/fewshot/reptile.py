"""Reptile: a start near what tasks make of it (Nichol et al. 2018, arXiv:1803.02999)."""

import torch
from torch import Tensor

from pipeline.fewshot.adapting import Adapting
from pipeline.fewshot.inner_loop import adapted, task_costs
from pipeline.fewshot.networks import Conv, Dense, Weights, repeated
from pipeline.fewshot.tasks import Episodes, Support, whole


class Reptile(Adapting):
    """The start moves towards the mean of the tasks' adapted weights.

    rate is the inner steps' one; the optimiser's is that of the start (epsilon). `parts`: every
    inner step of meta-training sees one part of a task's examples, in turn, as minibatches do.
    transductive: batch norm sees all of a task's queries together.
    """

    def __init__(
        self,
        network: Dense | Conv,
        steps: int,
        rate: float,
        adapt_steps: int,
        parts: int = 1,
        transductive: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(network, transductive, seed)
        self.steps, self.rate, self.adapt_steps, self.parts = steps, rate, adapt_steps, parts

    @torch.no_grad()
    def update(self, episodes: Episodes, optimiser: torch.optim.Optimizer) -> float:
        """One meta-update on supports and queries together: Reptile does not part them.

        Returns the loss on them after the inner steps: before, every class is as likely.
        """
        support, ways = whole(episodes), episodes.ways
        start = repeated(tuple(self.start), len(support.labels))
        learned = adapted(
            self.network, start, support, ways, self.steps, self.rate, parts=self.parts
        )
        epsilon = optimiser.param_groups[0]["lr"]
        moved = towards(tuple(one[None] for one in self.start), learned, epsilon)
        for theta, new in zip(self.start, moved, strict=True):
            theta.copy_(new[0])
        return task_costs(self.network.logits(learned, support.inputs), support).mean().item()

    def learned(self, support: Support, ways: int) -> Weights:
        start = repeated(tuple(self.start), len(support.labels))
        return adapted(self.network, start, support, ways, self.adapt_steps, self.rate)


def meta_update(
    network: Dense | Conv,
    start: Weights,
    support: Support,
    ways: int,
    steps: int,
    inner_rate: float,
    meta_rate: float,
    parts: int = 1,
) -> Weights:
    """One Reptile step: theta + meta_rate x mean over tasks of (phi - theta).

    `start` holds s starts (s x ...); `support` equally many tasks for each, one's after another's.
    `parts`: see `adapted`.
    """
    each = len(support.labels) // len(start[0])
    starts = tuple(one.repeat_interleave(each, dim=0) for one in start)
    learned = adapted(network, starts, support, ways, steps, inner_rate, parts=parts)
    return towards(start, learned, meta_rate)


def towards(start: Weights, learned: Weights, rate: float) -> Weights:
    """Starts (s x ...) moved towards the mean of what their tasks (t x ...) made of them.

    The tasks' output layers are none of a start's.
    """

    def moved(theta: Tensor, phi: Tensor) -> Tensor:
        return theta + rate * (phi.unflatten(0, (len(theta), -1)).mean(dim=1) - theta)

    return tuple(moved(theta, phi) for theta, phi in zip(start, learned, strict=False))
