"""Features that a backbone gave once, in place of views: what a head alone is trained on."""

import math

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from pipeline.models.embedding_net import EmbeddingNet
from pipeline.system import device
from pipeline.training.dataset import SizedViews, View, ViewDataset

BATCH = 32


class FeatureViews(SizedViews):
    """Items (pooled features, label) by `View`: of the photograph, or of its mirror image."""

    def __init__(self, rows: np.ndarray, plain: Tensor, mirrored: Tensor) -> None:
        self.place = {int(row): place for place, row in enumerate(rows)}
        self.plain, self.mirrored = plain, mirrored

    def count_bytes(self) -> int:
        return self.plain[0].nbytes

    def __getitem__(self, view: View) -> tuple[Tensor, int]:
        features = self.mirrored if view.flipped else self.plain
        return features[self.place[int(view.row)]], view.label


def compute_features(
    net: EmbeddingNet, views: ViewDataset, rows: np.ndarray, flip: str
) -> FeatureViews:
    """Pool the backbone's features of these packed crops, and of their mirror images if `flip`.

    The network is left in eval mode, on its device.
    """
    net.to(device.find_device()).eval()
    plain = pool_rows(net, views, rows, flipped=False)
    mirrored = plain if flip == "none" else pool_rows(net, views, rows, flipped=True)
    return FeatureViews(rows, plain, mirrored)


@torch.no_grad()
def pool_rows(net: EmbeddingNet, views: ViewDataset, rows: np.ndarray, *, flipped: bool) -> Tensor:
    """The pooled features of packed crops without augmentation, n x width float32."""
    place = device.find_device()
    blocks = np.array_split(rows, math.ceil(len(rows) / BATCH))
    pooled = []
    half = device.multiplies_half(place.type)
    with torch.autocast(place.type, torch.bfloat16, enabled=half):
        for block in tqdm(blocks, "features", unit="batch", mininterval=2):
            crops = [views[View(int(row), 0, flipped, 0)][0] for row in block]
            pooled.append(net.pool_maps(torch.stack(crops).to(place)).float().cpu())
    return torch.cat(pooled)
