"""From inputs to vectors: the small convolutional network of the few-shot literature, or a plain
one for inputs that are vectors already.
"""

import torch
from torch import Tensor, nn

from pipeline.system import device


class Encoder(nn.Module):
    """Inputs with any leading axes to vectors with the same: ... x C x H x W to ... x `dim`.

    `maps` gives the last feature maps instead, ... x `channels` x h x w (for vectors 1 x 1 ones).
    """

    def __init__(self, body: nn.Module, shape: tuple[int, ...]) -> None:
        super().__init__()
        # the order of memory that CPUs and GPUs convolve fastest in; not vectors' concern
        self.body, self.axes = body.to(memory_format=torch.channels_last), len(shape)
        self.half = self.axes > 1 and device.half_precision_pays(body)
        with torch.no_grad():
            was, _ = body.training, body.eval()
            _, self.channels, height, width = body(torch.zeros(1, *shape)).shape
            body.train(was)
        self.side = height, width
        self.dim = self.channels * height * width

    def maps(self, inputs: Tensor) -> Tensor:
        """Convolutions in half precision where that pays; distances between maps never: the
        difference of two near ones would drown in rounding.
        """
        leading = inputs.shape[: -self.axes]
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=self.half):
            found = self.body(inputs.flatten(0, len(leading) - 1))
        return found.float().unflatten(0, leading)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.maps(inputs).flatten(-3)


def conv4(shape: tuple[int, int, int], channels: int = 64, pooled: int = 4) -> Encoder:
    """Four blocks of 3 x 3 convolution, batch norm and ReLU (Vinyals et al. 2016).

    The first `pooled` of them end in 2 x 2 pooling.

    In training, batch norm sees all inputs of a call together; afterwards its means stand still, so
    that no query leaks into another's answer.
    """
    layers: list[nn.Module] = []
    for number in range(4):
        width = shape[0] if number == 0 else channels
        layers += [nn.Conv2d(width, channels, 3, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(channels), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if number < pooled else []
    return Encoder(nn.Sequential(*layers), shape)


def vectors(dim: int, hidden: int) -> Encoder:
    """For embeddings: themselves where `hidden` is 0, or a residual layer of `hidden` units.

    The layer starts as the identity: what the embedding knows is not to be learned again from a
    few hundred tasks.
    """
    return Encoder(Residual(dim, hidden), (dim,))


class Residual(nn.Module):
    """B x d to B x d x 1 x 1: the input and what a small network adds to it."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.added = None
        if hidden:
            last = nn.Linear(hidden, dim)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            self.added = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), last)

    def forward(self, inputs: Tensor) -> Tensor:
        # a unit vector's numbers are about 1 / sqrt(d): scaled up, the usual initialisation fits
        scaled = inputs * inputs.shape[-1] ** 0.5
        if self.added is not None:
            scaled = scaled + self.added(scaled)
        return scaled[..., None, None]
