"""Meta-learner LSTM: a network that learns the update rule of another one.

Ravi and Larochelle 2017, "Optimization as a model for few-shot learning".
"""

import torch
from torch import Tensor, nn

from pipeline.fewshot.gradient_based import GradientBasedLearner
from pipeline.fewshot.inner_loop import task_costs
from pipeline.fewshot.networks import Conv, Dense, Weights, add_output_layer, repeat_weights
from pipeline.fewshot.tasks import Support, mask_absent_classes

LOG_SCALE = 10.0  # -log of the size below which a gradient counts as 0 (their p)


class MetaLSTM(GradientBasedLearner):
    """Each weight is the state of an LSTM cell: kept by a forget gate, moved by an input gate.

    Both gates are computed by an LSTM, shared by all weights, from the weight's gradient and the
    loss. Gradients are treated as constants, not as functions of the weights, as in the
    publication.
    """

    def __init__(self, network: Dense | Conv, steps: int, hidden: int = 20, seed: int = 0) -> None:
        super().__init__(network, transductive=False, seed=seed)
        self.steps, self.hidden = steps, hidden
        self.reader = nn.LSTMCell(4, hidden)
        self.gates = nn.Linear(hidden + 3, 2)
        # open forget gates, small steps: close to gradient descent at first
        nn.init.normal_(self.gates.weight, std=0.01)
        with torch.no_grad():
            self.gates.bias.copy_(torch.tensor([4.0, -1.0]))

    def adapt(self, support: Support, ways: int) -> Weights:
        start = repeat_weights(tuple(self.start), len(support.labels))
        weights = add_output_layer(self.network, start, ways)
        shapes = [tensor.shape[1:] for tensor in weights]
        state = flatten_weights(weights)
        memory = (state.new_zeros(state.numel(), self.hidden),) * 2
        gates = state.new_zeros(state.numel(), 2)
        for _ in range(self.steps):
            detached = unflatten_weights(state.detach(), shapes)
            gradient, cost = self._gradient(detached, support, ways)
            cost = cost[:, None].expand_as(gradient)
            inputs = torch.cat([log_and_sign(gradient), log_and_sign(cost)], dim=1)
            memory = self.reader(inputs, memory)
            gates = self.gates(torch.cat([memory[0], state.reshape(-1, 1), gates], dim=1)).sigmoid()
            forget, rate = (gate.view_as(state) for gate in gates.unbind(dim=1))
            state = forget * state - rate * gradient
        return unflatten_weights(state, shapes)

    def _gradient(self, weights: Weights, support: Support, ways: int) -> tuple[Tensor, Tensor]:
        """Each task's gradient, t x numbers, and its cost, t; both as constants."""
        with torch.enable_grad():
            weights = tuple(tensor.requires_grad_() for tensor in weights)
            logits = self.network.logits(weights, support.inputs)
            costs = task_costs(mask_absent_classes(logits, support, ways), support)
            gradients = torch.autograd.grad(costs.sum(), weights)
        return flatten_weights(gradients), costs.detach()


def flatten_weights(weights: Weights) -> Tensor:
    """t x ... tensors as one, t x numbers."""
    return torch.cat([tensor.flatten(1) for tensor in weights], dim=1)


def unflatten_weights(numbers: Tensor, shapes: list[torch.Size]) -> Weights:
    """The inverse of `flatten_weights`: t x numbers to tensors t x shape."""
    pieces = numbers.split([shape.numel() for shape in shapes], dim=1)
    return tuple(piece.unflatten(1, shape) for piece, shape in zip(pieces, shapes, strict=True))


def log_and_sign(numbers: Tensor) -> Tensor:
    """Numbers of any magnitude as two moderate ones, m x 2: log of the magnitude, and sign.

    See the appendix of Andrychowicz et al. 2016, arXiv:1606.04474.
    """
    size = numbers.flatten().abs()
    large = size >= torch.e**-LOG_SCALE
    log = torch.where(large, size.clamp(min=1e-30).log() / LOG_SCALE, -1.0)
    sign = torch.where(large, numbers.flatten().sign(), numbers.flatten() * torch.e**LOG_SCALE)
    return torch.stack([log, sign], dim=1)
