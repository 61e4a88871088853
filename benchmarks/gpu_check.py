"""Two minutes on a GPU: a check of what can't be tested without one.

    python -m benchmarks.gpu_check

Trains one mixed-precision step of every backbone in params.yaml and presets/ (random initial
weights, no download), and compares Faiss neighbours on the GPU with the CPU's.
"""

from pathlib import Path

import faiss
import numpy as np
import torch
import typer

from pipeline import params
from pipeline.losses.embedding_loss import EmbeddingLoss
from pipeline.losses.identities import Identities
from pipeline.models import member_networks
from pipeline.system import device
from pipeline.training.loop import gradient_step
from pipeline.training.session import Learner

IDENTITIES = Identities(torch.full((100,), 2.0))


def main() -> None:
    """Train one step of every preset on the GPU, and search there."""
    if not torch.cuda.is_available():
        raise SystemExit("gpu-check: torch finds no CUDA device on this machine")
    for path in [Path("params.yaml"), *sorted(Path("presets").glob("*.yaml"))]:
        p = params.load(path)
        for name in p.backbones:
            print(f"{path} {name}: loss {train_step(p, name):.3f}")
    print(f"faiss: {neighbour_agreement():.4f} of the GPU's neighbours equal the CPU's")


def train_step(p: params.Params, name: str) -> float:
    """Train one step on random crops; return the loss."""
    settings = p.member_train(name)
    net = member_networks.build_for_member(p.backbones[name], settings, trained=True)
    learner = Learner(net, EmbeddingLoss(settings.loss, settings.embedding, IDENTITIES))
    fabric = device.build_fabric(net)
    fabric.launch()
    learner, optimizer = fabric.setup(learner, torch.optim.AdamW(learner.parameters()))
    shape = (8, settings.channels, p.crop.height, p.crop.width)
    crops = torch.randint(0, 256, shape, dtype=torch.uint8, device=fabric.device)
    labels = torch.arange(8, device=fabric.device) // 2
    losses, _ = learner(crops, labels)
    return float(gradient_step(losses, optimizer, fabric.backward))


def neighbour_agreement(count: int = 20_000, dim: int = 256, k: int = 10) -> float:
    """Fraction of the k nearest that Faiss finds both on the GPU and on the CPU."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(count, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = faiss.IndexFlatIP(dim)
    index.add(vectors)
    _, expected = index.search(vectors[:1000], k)
    _, found = faiss.index_cpu_to_all_gpus(index).search(vectors[:1000], k)
    return float((found == expected).mean())


if __name__ == "__main__":
    typer.run(main)
