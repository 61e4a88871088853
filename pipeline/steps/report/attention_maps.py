"""Attention maps: what makes some queries similar to their best match, as colours on the crops.

q, g   the query and the best match of its first answer
h      the query's crop under its heatmap, base64
"""

from typing import Any

import cv2
import numpy as np
import torch

from pipeline.data.planes import to_planes
from pipeline.models.embedding_net import EmbeddingNet
from pipeline.steps.report import grad_cam, photographs

MAX_MAPS = 12
OPACITY = 0.45  # of the heatmap's colours over the crop
SIZE = 320  # pixels of the longer side


def build_attention_maps(
    net: EmbeddingNet,
    queries: list[dict[str, Any]],
    crops: np.ndarray,
    names: list[str],
    fold: int,
    channels: int,
) -> list[dict[str, str]]:
    """The attention maps of the least certain queries of one fold, least certain first.

    net : of a member with this fold held out, which was not trained on these queries
    queries : as in `entries.py`; one without a best match of its first answer is left out
    crops : n x H x W x 4; names : their photographs; channels : of the network
    """
    matched = [query for query in queries if query["f"] == fold and "g" in query["a"][0]]
    chosen = sorted(matched, key=lambda query: (query["a"][0]["p"], query["q"]))[:MAX_MAPS]
    row = {name: i for i, name in enumerate(names)}
    maps = []
    for query in chosen:
        name, match = query["q"], query["a"][0]["g"]
        heatmap = draw_heatmap(net, crops[row[name]], crops[row[match]], channels)
        maps.append({"q": name, "g": match, "h": photographs.encode_webp(heatmap, SIZE)})
    return maps


def draw_heatmap(
    net: EmbeddingNet, crop: np.ndarray, other: np.ndarray, channels: int
) -> np.ndarray:
    """What makes two crops (H x W x 4) similar, as colours on the first, H x W x 3 RGB."""
    crop, other = np.array(crop), np.array(other)  # not memory maps
    planes = [torch.from_numpy(to_planes(each, channels))[None] for each in (crop, other)]
    heat = grad_cam.compute_heatmaps(net, *planes)[0].numpy()
    return overlay(crop[:, :, :3], heat)


def overlay(crop: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """An H x W x 3 RGB crop under the colours of an H x W heatmap, 0 to 1."""
    bgr = cv2.applyColorMap(np.rint(heat * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    colours = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return cv2.addWeighted(crop, 1 - OPACITY, colours, OPACITY, 0)
