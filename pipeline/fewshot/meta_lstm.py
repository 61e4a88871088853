"""Meta-learner LSTM: a network that learns how to update another (Ravi and Larochelle 2017,
"Optimization as a model for few-shot learning").
"""

import torch
from torch import Tensor, nn

from pipeline.fewshot.adapting import Adapting
from pipeline.fewshot.inner_loop import task_costs
from pipeline.fewshot.networks import Conv, Dense, Weights, begun, repeated
from pipeline.fewshot.tasks import Support, without_absent

SMALL = 10.0  # -log of the size below which a gradient counts as 0 (their p)


class MetaLSTM(Adapting):
    """Each weight is a cell's state: kept by a forget gate, moved by an input gate.

    Both gates see what an LSTM, shared by all weights, makes of the weight's gradient and the
    loss. Gradients count as given, not as functions of the weights, as in the publication.
    """

    def __init__(self, network: Dense | Conv, steps: int, hidden: int = 20, seed: int = 0) -> None:
        super().__init__(network, transductive=False, seed=seed)
        self.steps, self.hidden = steps, hidden
        self.reader = nn.LSTMCell(4, hidden)
        self.gates = nn.Linear(hidden + 3, 2)
        # remember all, learn a little: close to gradient descent at first
        nn.init.normal_(self.gates.weight, std=0.01)
        with torch.no_grad():
            self.gates.bias.copy_(torch.tensor([4.0, -1.0]))

    def learned(self, support: Support, ways: int) -> Weights:
        start = repeated(tuple(self.start), len(support.labels))
        weights = begun(self.network, start, ways)
        shapes = [one.shape[1:] for one in weights]
        state = flat(weights)
        read = (state.new_zeros(state.numel(), self.hidden),) * 2
        gates = state.new_zeros(state.numel(), 2)
        for _ in range(self.steps):
            gradient, cost = self._gradient(parted(state.detach(), shapes), support, ways)
            cost = cost[:, None].expand_as(gradient)
            read = self.reader(torch.cat([logged(gradient), logged(cost)], dim=1), read)
            seen = torch.cat([read[0], state.reshape(-1, 1), gates], dim=1)
            gates = self.gates(seen).sigmoid()
            kept, learned = (gate.view_as(state) for gate in gates.unbind(dim=1))
            state = kept * state - learned * gradient
        return parted(state, shapes)

    def _gradient(self, weights: Weights, support: Support, ways: int) -> tuple[Tensor, Tensor]:
        """Each task's gradient, t x numbers, and its cost, t; both as given numbers."""
        with torch.enable_grad():
            weights = tuple(one.requires_grad_() for one in weights)
            logits = without_absent(self.network.logits(weights, support.inputs), support, ways)
            costs = task_costs(logits, support)
            gradients = torch.autograd.grad(costs.sum(), weights)
        return flat(gradients), costs.detach()


def flat(weights: Weights) -> Tensor:
    """t x ... tensors as one, t x numbers."""
    return torch.cat([one.flatten(1) for one in weights], dim=1)


def parted(numbers: Tensor, shapes: list[torch.Size]) -> Weights:
    """The way back: t x numbers as tensors t x shape."""
    pieces = numbers.split([shape.numel() for shape in shapes], dim=1)
    return tuple(piece.unflatten(1, shape) for piece, shape in zip(pieces, shapes, strict=True))


def logged(numbers: Tensor) -> Tensor:
    """Numbers of any size as two of a usual one, m x 2: log of the size, and sign (appendix of
    Andrychowicz et al. 2016, arXiv:1606.04474).
    """
    size = numbers.flatten().abs()
    large = size >= torch.e**-SMALL
    log = torch.where(large, size.clamp(min=1e-30).log() / SMALL, -1.0)
    sign = torch.where(large, numbers.flatten().sign(), numbers.flatten() * torch.e**SMALL)
    return torch.stack([log, sign], dim=1)
