"""What the hard pairs of an epoch cost at a competition's size.

    python -m benchmarks.assignment_scale [--images 16000] [--block 2000] [--head absolute]

Random unit vectors, four per individual, are scored by a siamese head and get their hard negatives
by linear assignment in blocks, as `train.sampler.kind: pairs` does before every epoch.
Prints seconds and peak memory.
"""

import resource
import time
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
import typer

from pipeline.models.pair_head import KINDS, PairHead
from pipeline.training import pair_batches

DIM, HIDDEN, PER_IDENTITY = 256, 32, 4


def main(
    images: int = 16_000,
    block: int = 2000,
    kind: Annotated[str, typer.Option("--head", help=f"one of {', '.join(KINDS)}")] = "absolute",
) -> None:
    """Measure what an epoch's hard pairs cost at a competition's size."""
    torch.manual_seed(0)
    vectors = F.normalize(torch.randn(images, DIM), dim=1)
    labels = np.arange(images) // PER_IDENTITY
    head = PairHead(kind, DIM, HIDDEN)
    started = time.perf_counter()
    negatives = pair_batches.mine_hard_negatives(
        vectors, head, labels, block, 0.5, np.random.default_rng(0)
    )
    seconds = time.perf_counter() - started
    assert (negatives >= 0).all() and (labels[negatives] != labels).all()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{images} images, blocks of {block}, head {kind}: {seconds:.0f} s, peak {peak:.1f} GiB")


if __name__ == "__main__":
    typer.run(main)
