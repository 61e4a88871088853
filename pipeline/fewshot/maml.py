"""MAML: a start from which a few gradient steps do well (Finn et al. 2017, arXiv:1703.03400)."""

import torch
from torch import Tensor, nn

from pipeline.fewshot.inner_loop import adapted
from pipeline.fewshot.learner import Learner
from pipeline.fewshot.networks import Conv, Dense, Weights, repeated
from pipeline.fewshot.tasks import Support, without_absent


class MAML(Learner):
    """The start is learned by the queries' loss after `steps` of gradient descent on the supports.

    second_order: the loss is differentiated through those steps, otherwise as if their result did
    not depend on the start but by a shift (FOMAML).
    transductive: batch norm sees all of a task's queries together, as in the publication.
    """

    def __init__(
        self,
        network: Dense | Conv,
        steps: int,
        rate: float,
        second_order: bool,
        transductive: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.network, self.steps, self.rate = network, steps, rate
        self.second_order, self.transductive = second_order, transductive
        self.start = nn.ParameterList(network.start(generator))

    def scores(self, support: Support, queries: Tensor, ways: int) -> Tensor:
        learned = self.learned(support)
        logits = answers(self.network, learned, support, queries, self.transductive)
        return without_absent(logits[..., :ways], support, ways)

    def learned(self, support: Support) -> Weights:
        """Each task's own weights, t x ...."""
        start = repeated(tuple(self.start), len(support.labels))
        second_order = self.second_order and torch.is_grad_enabled()
        ended = adapted(self.network, start, support, self.steps, self.rate, second_order)
        if second_order or not torch.is_grad_enabled():
            return ended
        # the start moves the end one for one, as far as the first order knows
        return tuple(
            end + (begin - begin.detach()) for end, begin in zip(ended, start, strict=True)
        )


def answers(
    network: Dense | Conv, weights: Weights, support: Support, queries: Tensor, transductive: bool
) -> Tensor:
    """Logits of queries, t x q x ways; a transductive batch norm sees the queries together."""
    if transductive:
        return network.logits(weights, queries)
    count = support.labels.shape[1]
    both = torch.cat([support.inputs, queries], dim=1)
    return network.logits(weights, both, reference=count)[:, count:]
