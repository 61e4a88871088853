"""Turn every crop into a unit vector."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from tqdm import tqdm

from pipeline.data.gallery import Embeddings
from pipeline.models.embedding_net import EmbeddingNet
from pipeline.system import device
from pipeline.training.dataset import View, Views

BATCH = 64


def embed(net: EmbeddingNet, crops: Path, order: pd.Series, channels: int, flip: str) -> Embeddings:
    """The unit vector of every packed crop; `order` names the image in each row.

    `flip` is "none", "average" (the mirror image's vector is averaged in: an image and its mirror
    become the same) or "both" (the two vectors side by side: the similarity of two images is the
    average of theirs and of their mirror images').
    """
    fabric = device.fabric(net, devices=1)
    net = fabric.setup_module(net).eval()
    net.mark_forward_method("embed")
    keys = [[View(row, 0, False, 0) for row in part] for part in _blocks(len(order))]
    views = Views(crops, channels, None)
    loader = DataLoader(views, batch_sampler=keys, num_workers=device.workers())
    loader = fabric.setup_dataloaders(loader, use_distributed_sampler=False)
    vectors = [
        mirrored(net, batch, flip).cpu().numpy()
        for batch, _ in tqdm(loader, desc="embed", unit="batch", mininterval=2)
    ]
    return Embeddings(np.asarray(order), np.concatenate(vectors))


@torch.inference_mode()
def mirrored(net: EmbeddingNet, crops: torch.Tensor, flip: str) -> torch.Tensor:
    """Embed a batch (n x C x H x W uint8), with its mirror image where `flip` says so."""
    vectors = net.embed(crops)
    if flip == "none":
        return vectors
    mirror = net.embed(crops.flip(-1))
    if flip == "both":
        vectors = torch.cat([vectors, mirror], dim=1)
    else:
        vectors = vectors + mirror
    return F.normalize(vectors)


def _blocks(count: int) -> list[range]:
    return [range(start, min(start + BATCH, count)) for start in range(0, count, BATCH)]
