"""Vectors of crops and of their mirror images, as they are stored and searched."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def embed_mirrored(embed: Callable[[Tensor], Tensor], crops: Tensor, flip: str) -> Tensor:
    """Embed n x C x H x W crops and, unless `flip` is "none", their mirror images; of length 1.

    embed : to vectors of length 1, n x dim
    flip : "average" adds the two vectors, "both" puts them side by side
    """
    vectors = embed(crops)
    if flip == "none":
        return vectors
    mirror = embed(crops.flip(-1))
    both = torch.cat([vectors, mirror], dim=1) if flip == "both" else vectors + mirror
    return F.normalize(both)
