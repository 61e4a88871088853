"""Small trainings, the same in one process and in each of two: `python -m` this and a folder.

The folder holds crops.npy; the two processes write their results there, 0.npz and 1.npz. They are
forked, so that what takes the time, the imports, is done once.
"""

import json
import multiprocessing
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch.distributed import TCPStore

from pipeline.models.embedding_net import EmbeddingNet
from pipeline.models.pair_head import build_pair_head
from pipeline.params import Loss, Train, merge
from pipeline.steps.train import train
from pipeline.system import device, interruptions, ranks
from pipeline.training.inner_validation import InnerValidation
from pipeline.training.session import start_session
from pipeline.training.training_set import TrainingSet
from tests.conftest import IDENTITIES, IMAGES, NEW, small_settings
from tests.pipeline.models.tiny_network import net

MEMORY = {"weight": 1.0, "miner": "distance_weighted", "margin": 0.2, "memory": 20}
SIAMESE = {"siamese": {"weight": 1.0}}
TRAININGS = {
    "memory": {
        "clip": 0.5,
        "frozen_stages": 1,
        "resize": {"scale": 0.5, "until": 0.5},
        "loss": {"triplet": MEMORY},
    },
    "mirrors": {
        "flip": "identity_masked",
        "head_epochs": 1,
        "average": {"kind": "swa", "start": 0.3},
    },
    "inner": {
        "sampler": {"identities": 3},
        "inner": {"fraction": 0.5, "patience": 1, "every": 1},
    },
    "pairs": {
        "sampler": {"kind": "pairs"},
        "average": {"kind": "ema", "start": 0.0, "decay": 0.5},
        "loss": SIAMESE,
    },
}
# stochastic depth, which differs between processes, and a miner that draws, which must not
RANDOM = {"drop_path": 0.5, "loss": {"triplet": MEMORY}}


def few_steps(**changes) -> Train:
    """Settings of a short network (every batch normalisation waits for the other process).

    A batch has 15 views: one process has 7, the other 8.
    """
    base = {"reduction": 8, "sampler": {"identities": 6, "new_whale_fraction": 0.2}}
    return small_settings(**merge(base, changes))


def run_cases(crops: Path) -> dict[str, np.ndarray]:
    """Losses and gradient of one batch; history, weights and budget of each training."""
    everything = collect(crops)
    results = measure_losses(everything)
    for name, changes in [*TRAININGS.items(), ("random", RANDOM)]:
        settings = few_steps(**changes)
        training_set = hold_back(everything) if settings.inner.fraction else everything
        network = build(settings)
        history, summary = train.train(network, training_set, settings, 0)
        results[f"{name} weights"] = flatten(network.state_dict().values())
        results[f"{name} history"] = history.to_numpy(float)
        results[f"{name} budget"] = np.array([summary["views"], summary["batches"]])
    return results | {"writes": np.array(device.is_first_process())}


def collect(crops: Path) -> TrainingSet:
    """All photographs of the tiny competition."""
    labels = np.append(np.repeat(np.arange(IDENTITIES), IMAGES), [-1] * NEW)
    rows = np.arange(len(labels))
    return TrainingSet(crops, rows, labels, rows)


def hold_back(everything: TrainingSet) -> TrainingSet:
    """The first photograph of every identity held back."""
    rows, labels = everything.rows, everything.labels
    held = (labels >= 0) & (rows % IMAGES == 0)
    known = ~held & (labels >= 0)
    validation = InnerValidation(
        everything.crops, 3, rows[held], labels[held], rows[known], labels[known]
    )
    return TrainingSet(everything.crops, rows[~held], labels[~held], rows[~held], validation)


def build(settings: Train) -> EmbeddingNet:
    torch.manual_seed(1)
    return net(settings, build_pair_head(settings))


def measure_losses(everything: TrainingSet) -> dict[str, np.ndarray]:
    """Every loss of one batch, and the gradient of their sum."""
    settings = few_steps(clip=0.0, loss={name: {"weight": 1.0} for name in Loss.model_fields})
    # photographs of two individuals under one label, so that every loss finds something wrong
    mixed = replace(everything, rows=np.roll(everything.rows, 1))
    session = start_session(build(settings), mixed, settings, 0)
    session.learner.train()
    losses, features = session.learner(*next(iter(session.loader)))
    session.backward(sum(losses.values()))
    parameters = session.learner.parameters()
    return {
        "losses": flatten(losses.values()),
        "features": features.detach().numpy(),
        "gradient": flatten(p.grad for p in parameters if p.grad is not None),
    }


def flatten(tensors) -> np.ndarray:
    return torch.cat([tensor.detach().double().flatten() for tensor in tensors]).numpy()


def first_weights(name: str) -> np.ndarray:
    """The weights with which a training begins."""
    return flatten(build(few_steps(**TRAININGS[name])).state_dict().values())


def run_rank(rank: ranks.Rank, folder: Path) -> None:
    """What one of the two processes does."""
    interruptions.end_with_parent()
    os.environ |= {ranks.RANK: json.dumps(asdict(rank)), ranks.LOCAL_RANK: str(rank.number)}
    ranks.connect()
    device.count_workers = lambda: 0
    device.is_half_precision_faster = lambda net: False
    np.savez(folder / f"{rank.number}.npz", **run_cases(folder / "crops.npy"))


def main(folder: Path) -> None:
    interruptions.end_with_parent()
    store = TCPStore(ranks.HOST, 0, is_master=True, wait_for_workers=False)
    fork = multiprocessing.get_context("fork")
    places = [ranks.Rank(number, 2, store.port, str(folder / "failure")) for number in (0, 1)]
    processes = [fork.Process(target=run_rank, args=(place, folder)) for place in places]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
