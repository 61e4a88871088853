"""Turn every crop into a unit vector."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from pipeline.data import tables
from pipeline.data.gallery import Embeddings
from pipeline.data.planes import to_planes
from pipeline.models.embedding_net import EmbeddingNet
from pipeline.models.mirrored import embed_mirrored
from pipeline.system import device, machine

# crops in the network at once: more are no faster on a CPU, and take memory
BATCH, GPU_BATCH = 16, 128


def embed(net: EmbeddingNet, crops: Path, order: pd.Series, channels: int, flip: str) -> Embeddings:
    """Embed every packed crop.

    order : the image in each row of the packed crops
    flip : "none"; "average" (the vector of the mirror image is added, so that an image and its
        mirror image become the same); "both" (the two vectors side by side, so that the similarity
        of two images is the mean of theirs and of their mirror images')

    The network is left ready to predict: in eval mode, on its device, folded.
    """
    place = device.find_device()
    net.to(place).eval().fold_backbone()
    size = BATCH if place.type == "cpu" else GPU_BATCH
    starts = range(0, len(order), size)
    batches = read_batches(crops, [range(i, min(i + size, len(order))) for i in starts], channels)
    hidden = len(starts) == 1  # of one photograph, `identify` prints the answer alone
    progress = tqdm(batches, "embed", len(starts), unit="batch", mininterval=2, disable=hidden)
    vectors = [embed_batch(net.embed, batch.to(place), flip).cpu() for batch in progress]
    return Embeddings(np.asarray(order), torch.cat(vectors).numpy())


def read_batches(crops: Path, batches: list[range], channels: int) -> Iterator[Tensor]:
    """Read these rows of the packed crops as n x C x H x W, in threads and one batch ahead."""

    def read(rows: range) -> Iterator[np.ndarray]:
        # opened for each batch: what was read of one memory map counts as the process's memory
        packed = np.array(tables.open_array(crops)[rows.start : rows.stop])
        return pool.map(lambda crop: to_planes(crop, channels), packed)

    with ThreadPoolExecutor(machine.count_threads()) as pool:
        ahead = [read(rows) for rows in batches[:1]]
        for number in range(len(batches)):
            ahead += [read(rows) for rows in batches[number + 1 : number + 2]]
            yield torch.from_numpy(np.stack(list(ahead.pop(0))))


@torch.inference_mode()
def embed_batch(embed_crops: Callable[[Tensor], Tensor], crops: Tensor, flip: str) -> Tensor:
    """Embed n x C x H x W uint8 crops, with their mirror images unless `flip` is "none".

    In bf16 where the device multiplies it: two to three times as fast as float32 on a core with
    AMX, also for networks that are trained in float32 since their gradients are slow in bf16.
    """
    kind = crops.device.type
    with torch.autocast(kind, torch.bfloat16, enabled=device.multiplies_half(kind)):
        return embed_mirrored(embed_crops, crops, flip)
