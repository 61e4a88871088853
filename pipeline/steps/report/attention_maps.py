"""What a member looks at in some queries: their crops under a heat of colours."""

from typing import Any

import cv2
import numpy as np
import torch

from pipeline.models.embedding_net import EmbeddingNet
from pipeline.steps.report import attention, photographs
from pipeline.training.dataset import to_planes

SHOWN = 12
HEAT = 0.45  # of the overlay; the rest is the crop's
SIZE = 320  # pixels of the longer side


def looks(
    net: EmbeddingNet,
    queries: list[dict[str, Any]],
    crops: np.ndarray,
    names: list[str],
    fold: int,
    channels: int,
) -> list[dict[str, str]]:
    """Of the fold's queries, which the member never saw, the least sure ones whose first answer a
    gallery photograph argues for: q and g, the two photographs, and h, the query under its heat.

    crops : n x H x W x 4; names : their photographs
    """
    arguing = [one for one in queries if one["f"] == fold and "g" in one["a"][0]]
    chosen = sorted(arguing, key=lambda one: (one["a"][0]["p"], one["q"]))[:SHOWN]
    if not chosen:
        return []
    row = {name: i for i, name in enumerate(names)}
    pairs = [(one["q"], one["a"][0]["g"]) for one in chosen]
    own, others = ([np.array(crops[row[pair[side]]]) for pair in pairs] for side in (0, 1))
    stacked = [
        torch.stack([torch.from_numpy(to_planes(crop, channels)) for crop in part])
        for part in (own, others)
    ]
    heats = attention.attended(net, *stacked).numpy()
    return [
        {"q": query, "g": other, "h": photographs.encoded(heated(crop[:, :, :3], heat), SIZE)}
        for (query, other), crop, heat in zip(pairs, own, heats, strict=True)
    ]


def heated(crop: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """An H x W x 3 RGB crop under the colours of a heat of H x W, 0 to 1."""
    bgr = cv2.applyColorMap(np.rint(heat * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    colours = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return cv2.addWeighted(crop, 1 - HEAT, colours, HEAT, 0)
