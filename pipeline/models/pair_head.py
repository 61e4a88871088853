"""What two vectors say of whether they show one individual: the head of a twin network.

Bromley et al. 1993 and Koch et al. 2015 ("Siamese neural networks for one-shot image recognition")
compare by |a - b|; the winners of the first humpback competition by four combinations of each
number ("rich": M. Piotte's kernel of 2018).
"""

from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn

from pipeline.params import Train

KINDS = ("absolute", "rich", "concat")


class PairHead(nn.Module):
    """Logits of "the same individual" for pairs of unit vectors, the same in either order.

    absolute: a weight for each |a - b|. rich: each number's a x b, a + b, |a - b| and (a - b)^2 go
    through one small network, a weight for each result. concat: a and b side by side through a
    hidden layer, averaged over both orders. `hidden` is the units of the last two's layer.
    """

    def __init__(self, kind: str, dim: int, hidden: int) -> None:
        super().__init__()
        self.kind, self.scale = kind, dim**0.5
        # how many it works on for one pair
        self.numbers = {"rich": dim * (4 + hidden), "concat": 2 * (2 * dim + hidden)}.get(
            kind, 2 * dim
        )
        if kind == "absolute":
            self.last = nn.Linear(dim, 1)
        elif kind == "rich":
            self.each = nn.Sequential(nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, 1))
            self.last = nn.Linear(dim, 1)
        else:
            self.last = nn.Sequential(nn.Linear(2 * dim, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """... x dim and ... x dim to ... logits."""
        # numbers of a usual size, whatever the dimension
        first, second = torch.broadcast_tensors(first * self.scale, second * self.scale)
        if self.kind == "concat":
            orders = (first, second), (second, first)
            both = [self.last(torch.cat(order, dim=-1)) for order in orders]
            return ((both[0] + both[1]) / 2).squeeze(-1)
        apart = (first - second).abs()
        if self.kind == "rich":
            told = torch.stack([first * second, first + second, apart, apart.square()], dim=-1)
            apart = self.each(told).squeeze(-1)
        return self.last(apart).squeeze(-1)


def for_member(settings: Train) -> PairHead | None:
    """The head that a member's network has; None where the twin loss has no weight."""
    siamese = settings.loss.siamese
    if not siamese or not siamese.weight:
        return None
    return PairHead(siamese.head, settings.embedding, siamese.hidden)


def trained(settings: Train, model: Path) -> PairHead:
    """The head out of a trained member's file; the rest of the network is not read."""
    head = for_member(settings)
    prefix = "pair_head."
    with safe_open(model, "pt") as file:
        names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
        head.load_state_dict({name.removeprefix(prefix): file.get_tensor(name) for name in names})
    return head.eval()
