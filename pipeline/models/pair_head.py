"""The siamese head: a small network that compares two embeddings.

Bromley et al. 1993 and Koch et al. 2015 ("Siamese neural networks for one-shot image recognition")
compare by |a - b|; the winners of the first humpback competition by four combinations of each
number ("rich": M. Piotte's kernel of 2018).
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.models import stored_weights
from pipeline.params import Train

KINDS = ("absolute", "rich", "concat")


class PairHead(nn.Module):
    """Logits of "the same individual" for pairs of unit vectors, the same in either order.

    absolute: a weight for each |a - b|. rich: a x b, a + b, |a - b| and (a - b)^2 of each number go
    through one small network, with a weight for each result. concat: a and b side by side through a
    hidden layer, averaged over both orders. `hidden` is the number of hidden units of the last two.

    Attributes
    ----------
    dim : of the vectors that it compares
    numbers : how many numbers the head works on per pair
    """

    def __init__(self, kind: str, dim: int, hidden: int) -> None:
        super().__init__()
        self.kind, self.dim, self.scale = kind, dim, dim**0.5
        self.numbers = {"rich": dim * (4 + hidden), "concat": 2 * (2 * dim + hidden)}.get(
            kind, 2 * dim
        )
        # `last` and `each` are names in the files of trained networks
        self.last: nn.Module
        if kind == "absolute":
            self.last = nn.Linear(dim, 1)
        elif kind == "rich":
            self.each = nn.Sequential(nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, 1))
            self.last = nn.Linear(dim, 1)
        else:
            self.last = nn.Sequential(nn.Linear(2 * dim, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """... x dim and ... x dim to ... logits."""
        # numbers around 1, whatever the dimension
        first, second = torch.broadcast_tensors(first * self.scale, second * self.scale)
        if self.kind == "concat":
            orders = (first, second), (second, first)
            logits = [self.last(torch.cat(order, dim=-1)) for order in orders]
            return ((logits[0] + logits[1]) / 2).squeeze(-1)
        distance = (first - second).abs()
        if self.kind == "rich":
            products = [first * second, first + second, distance, distance.square()]
            distance = self.each(torch.stack(products, dim=-1)).squeeze(-1)
        return self.last(distance).squeeze(-1)


def build_pair_head(settings: Train) -> PairHead | None:
    """Build the head of a member's network; None if the siamese loss doesn't train one."""
    siamese = settings.loss.siamese
    if not siamese or not siamese.weight or settings.frozen:
        return None
    return PairHead(siamese.head, settings.embedding, siamese.hidden)


def load_pair_head(settings: Train, model: Path) -> PairHead:
    """Load the head from a trained member's file.

    Raises ValueError if the settings have no siamese loss.
    """
    head = build_pair_head(settings)
    if head is None:
        raise ValueError(f"{model} has no siamese head: train.loss.siamese has no weight")
    prefix = "pair_head."
    state = {
        name.removeprefix(prefix): tensor
        for name, tensor in stored_weights.read_weights(model).items()
        if name.startswith(prefix)
    }
    stored_weights.load_weights(head, state, model)
    return head.eval()
