"""Encoders: the small convolutional network of the few-shot literature, or a residual layer.

The second is for inputs that are embeddings already.
"""

import torch
from torch import Tensor, nn

from pipeline.system import device


class Encoder(nn.Module):
    """Inputs with any leading axes to vectors with the same ones: ... x C x H x W to ... x `dim`.

    `maps` returns the last feature maps instead, ... x `channels` x h x w (1 x 1 for vectors).
    """

    def __init__(self, body: nn.Module, shape: tuple[int, ...]) -> None:
        super().__init__()
        # the memory order in which CPUs and GPUs convolve fastest; without effect on vectors
        self.body, self.axes = body.to(memory_format=torch.channels_last), len(shape)
        self.half_precision = self.axes > 1 and device.is_half_precision_faster(body)
        with torch.no_grad():
            training, _ = body.training, body.eval()
            _, self.channels, height, width = body(torch.zeros(1, *shape)).shape
            body.train(training)
        self.map_size = height, width
        self.dim = self.channels * height * width

    def maps(self, inputs: Tensor) -> Tensor:
        """The last feature maps, in single precision.

        Convolutions run in half precision if that is faster. Distances between maps never do: the
        difference of two close ones would drown in rounding.
        """
        leading = inputs.shape[: -self.axes]
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=self.half_precision):
            maps = self.body(inputs.flatten(0, len(leading) - 1))
        return maps.float().unflatten(0, leading)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.maps(inputs).flatten(-3)


def conv4(shape: tuple[int, ...], channels: int = 64, pooled: int = 4) -> Encoder:
    """Four blocks of 3 x 3 convolution, batch norm and ReLU (Vinyals et al. 2016).

    shape: channels, height and width of the inputs
    pooled: number of first blocks that end in 2 x 2 pooling

    In training, batch norm averages over all inputs of a call together; afterwards its means are
    fixed, so that no query influences another one's vector.
    """
    layers: list[nn.Module] = []
    for number in range(4):
        width = shape[0] if number == 0 else channels
        layers += [nn.Conv2d(width, channels, 3, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(channels), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if number < pooled else []
    return Encoder(nn.Sequential(*layers), shape)


def residual(dim: int, hidden: int) -> Encoder:
    """For embeddings: the identity if `hidden` is 0, otherwise a residual layer of `hidden` units.

    The layer starts as the identity: a few hundred tasks are too few to learn anew what the
    embedding contains.
    """
    return Encoder(Residual(dim, hidden), (dim,))


class Residual(nn.Module):
    """B x d to B x d x 1 x 1: the input plus the output of a small network."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.branch: nn.Sequential | None = None
        if hidden:
            last = nn.Linear(hidden, dim)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            self.branch = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), last)

    def forward(self, inputs: Tensor) -> Tensor:
        # entries of a unit vector are about 1 / sqrt(d): scaled up, the usual initialisation fits
        scaled = inputs * inputs.shape[-1] ** 0.5
        if self.branch is not None:
            scaled = scaled + self.branch(scaled)
        return scaled[..., None, None]
