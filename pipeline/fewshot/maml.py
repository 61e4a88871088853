"""MAML: a start from which a few gradient steps do well (Finn et al. 2017, arXiv:1703.03400)."""

import torch

from pipeline.fewshot.adapting import Adapting
from pipeline.fewshot.inner_loop import adapted
from pipeline.fewshot.networks import Conv, Dense, Weights, repeated
from pipeline.fewshot.tasks import Support


class MAML(Adapting):
    """The start is learned by the queries' loss after `steps` of gradient descent on the supports.

    rate, output_rate: of the steps, for all layers but the last and for that one. They are a
    class's, and a task of so many ways (those that no example stands for among them) takes as
    many times as large ones: the mean over its examples leaves each class a smaller share.
    second_order: the loss is differentiated through those steps, otherwise as if their result did
    not depend on the start but by a shift (FOMAML).
    transductive: batch norm sees all of a task's queries together, as in the publication.
    """

    def __init__(
        self,
        network: Dense | Conv,
        steps: int,
        rate: float,
        output_rate: float,
        second_order: bool,
        transductive: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(network, transductive, seed)
        self.steps, self.second_order = steps, second_order
        self.rate, self.output_rate = rate, output_rate

    def learned(self, support: Support, ways: int) -> Weights:
        start = repeated(tuple(self.start), len(support.labels))
        second_order = self.second_order and torch.is_grad_enabled()
        ended = adapted(
            self.network,
            start,
            support,
            ways,
            self.steps,
            self.rate * ways,
            second_order,
            output_rate=self.output_rate * ways,
        )
        if second_order or not torch.is_grad_enabled():
            return ended
        # the start moves the end one for one, as far as the first order knows
        moved = [end + (one - one.detach()) for end, one in zip(ended, start, strict=False)]
        return *moved, *ended[len(start) :]
