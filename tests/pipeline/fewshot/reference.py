"""A slow reference: one nn.Sequential per task, trained by torch's SGD."""

import torch
from torch import nn

from pipeline.fewshot.networks import Dense, Weights
from pipeline.fewshot.tasks import Support

DIM, HIDDEN, WAYS = 6, 5, 3
NETWORK = Dense(DIM, HIDDEN)


def random_starts(count: int, seed: int) -> Weights:
    """Initial weights that differ in every layer."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(DIM, HIDDEN), (1, HIDDEN)]
    return tuple(torch.randn(count, *shape, generator=generator) for shape in shapes)


def random_support(count: int, seed: int, photographs: int = 7) -> Support:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, photographs, DIM, generator=generator)
    labels = torch.arange(photographs).remainder(WAYS).expand(count, -1).clone()
    weights = torch.rand(count, photographs, generator=generator)
    weights[:, -1] = 0  # padding
    return Support(nn.functional.normalize(inputs, dim=-1), labels, weights)


def build_module(start: Weights, task: int, ways: int = WAYS) -> nn.Sequential:
    """One start as a module with an output layer of zeros."""
    module = nn.Sequential(nn.Linear(DIM, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, ways))
    with torch.no_grad():
        module[0].weight.copy_(start[0][task].T)
        module[0].bias.copy_(start[1][task, 0])
        module[2].weight.zero_()
        module[2].bias.zero_()
    return module


def train_module(
    module: nn.Sequential, support: Support, task: int, steps: int, rate: float
) -> None:
    optimizer = torch.optim.SGD(module.parameters(), lr=rate)
    present = support.weights[task] > 0
    inputs = support.inputs[task][present] * DIM**0.5
    weights = support.weights[task][present]
    for _ in range(steps):
        losses = nn.functional.cross_entropy(
            module(inputs), support.labels[task][present], reduction="none"
        )
        optimizer.zero_grad()
        ((losses * weights).sum() / weights.sum()).backward()
        optimizer.step()


def flatten_module(module: nn.Sequential) -> torch.Tensor:
    with torch.no_grad():
        first, last = module[0], module[2]
        parts = [first.weight.T, first.bias, last.weight.T, last.bias]
        return torch.cat([part.flatten() for part in parts])


def flatten_start(module: nn.Sequential) -> torch.Tensor:
    """Without the output layer, which differs between tasks."""
    return flatten_module(module)[: HIDDEN * (DIM + 1)]


def flatten_weights(weights: Weights, task: int) -> torch.Tensor:
    return torch.cat([tensor[task].flatten() for tensor in weights])
