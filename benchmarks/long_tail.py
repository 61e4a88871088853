"""Training choices for a long tail: real animals with one, two or four training photographs each.

    python -m benchmarks.long_tail RUN FOLDER [--shrink 2] [--split 1] [--edit base] [--seed 0]

RUN is a finished run on a competition with many photographs of each individual, as right whales
have. Of each individual at most `CAPS` photographs are kept, half of the individuals having one,
as in the humpback competition; every photograph of `new_whale` stays. For each edit of
`benchmarks/long_tail.yaml` and each seed a member is trained on them, which names the other
photographs of known individuals by its nearest kept photograph. Prints the MAP@5 of each, and the
gain of each edit over the preset without one, on the same queries, with its interval by individual
and seed. FOLDER keeps what each training gave, so that none is repeated and processes can share
the work. --shrink 2 halves the sides of RUN's crops; --split 1 keeps other photographs, and
more or fewer of each individual. An edit whose network can't be built, as that of `flukes_first`
without its file of weights, is refused before any training.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import torch
import typer

from pipeline import paths
from pipeline.data import tables
from pipeline.data.gallery import Embeddings
from pipeline.data.tables import NEW_WHALE, is_pseudo
from pipeline.evaluation import metrics, protocol
from pipeline.evaluation.ablation_study import BASE, Study, format_markdown, load_study
from pipeline.models import member_networks, preflight
from pipeline.params import Params
from pipeline.steps.embed import embed
from pipeline.steps.train import train
from pipeline.training.training_set import build_training_set

STUDY = Path("benchmarks/long_tail.yaml")
CAPS = [1, 1, 2, 4]  # photographs that are kept of every first, second, third, fourth individual
RESAMPLES = 1000


@dataclass(frozen=True)
class Task:
    """Packed crops, the image in each of their rows, and rows of "folds" to train on and to ask."""

    crops: Path
    order: pd.Series
    kept: pd.DataFrame
    queries: pd.DataFrame


def main(
    run: Path,
    folder: Path,
    shrink: Annotated[int, typer.Option(help="divides the sides of the crops", min=1)] = 1,
    split: Annotated[int, typer.Option(help="which photographs are kept", min=0)] = 0,
    edits: Annotated[list[str] | None, typer.Option("--edit", help="default: all")] = None,
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="default: all")] = None,
) -> None:
    """Train a member per edit and seed on few photographs per individual, and compare them."""
    study, settings = load_study(STUDY, Path("presets"))
    chosen = {edit: Params.model_validate(settings[edit]) for edit in edits or settings}
    for p in chosen.values():
        preflight.check_networks(p)
    folder = make_folder(folder, shrink, split)
    task = prepare(run, folder, shrink, split)
    for seed in seeds or study.seeds:
        for edit, p in chosen.items():
            path = result_path(folder, edit, seed, settings)
            if not path.is_file():
                tables.write_csv(measure(p, seed, task), path)
            print_result(edit, seed, path)
    print(format_markdown(compare(folder, study, settings)))


def make_folder(folder: Path, shrink: int, split: int) -> Path:
    """The folder of the results for these crops and kept photographs, which is made."""
    folder = folder / f"shrink-{shrink}-split-{split}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def print_result(name: str, seed: int, path: Path) -> None:
    """Print the mean precision of a training."""
    print(name, seed, round(tables.read_csv(path)["precision"].mean(), 4), flush=True)


def result_path(folder: Path, edit: str, seed: int, settings: dict[str, dict[str, Any]]) -> Path:
    """Where the result of a training is kept; another file if its settings change."""
    parts = [settings[edit][section] for section in ("train", "backbones", "embed")]
    return folder / f"{edit}-{seed}-{sha256(repr(parts).encode()).hexdigest()[:8]}.csv"


def prepare(run: Path, folder: Path, shrink: int, split: int) -> Task:
    """Choose what is kept of a run, and shrink its crops unless that has been done."""
    order = tables.read("boxes", run / paths.BOXES)["image"]
    crops = (run / paths.CROPS).resolve()
    if shrink > 1:
        smaller = folder / "crops.npy"
        if not smaller.is_file():
            packed = np.stack([shrink_crop(crop, shrink) for crop in tables.open_array(crops)])
            tables.replace(smaller, lambda part: write_array(packed, part))
        crops = smaller.resolve()
    return Task(crops, order, *keep_few(tables.read("folds", run / paths.FOLDS), split))


def shrink_crop(crop: np.ndarray, factor: int) -> np.ndarray:
    """Means of squares of `factor` x `factor` pixels; H x W x C uint8."""
    height, width = (side // factor for side in crop.shape[:2])
    squares = crop[: height * factor, : width * factor]
    means = squares.reshape(height, factor, width, factor, -1).mean(axis=(1, 3))
    return np.rint(means).astype(np.uint8)


def write_array(array: np.ndarray, path: Path) -> None:
    """Write .npy under any name."""
    with path.open("wb") as file:
        np.save(file, array)


def keep_few(folds: pd.DataFrame, split: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split rows of "folds" into those to train on, at most CAPS per individual, and queries.

    No query is a duplicate of a photograph that is kept. Another `split` keeps other photographs,
    and more or fewer of each individual.
    """
    shuffled = folds[~is_pseudo(folds)].sample(frac=1, random_state=split)
    is_new = shuffled["identity"] == NEW_WHALE
    known = shuffled[~is_new]
    cap = (known["identity"].rank(method="dense").astype(int) - 1 + split) % len(CAPS)
    few = known.groupby("identity").cumcount() < cap.map(dict(enumerate(CAPS)))
    kept, others = pd.concat([known[few], shuffled[is_new]]), known[~few]
    return kept, others[~others["group"].isin(kept["group"])].sort_values("image")


def measure(p: Params, seed: int, task: Task) -> pd.DataFrame:
    """Train the only backbone on what is kept: each query's precision by its nearest photograph.

    Columns image, identity, precision.
    """
    [backbone] = p.backbones
    settings = p.member_train(backbone)
    torch.manual_seed(seed)
    net = member_networks.build_for_member(p.backbones[backbone], settings)
    training_set = build_training_set(task.crops, task.order, task.kept, settings, seed)
    train.train(net, training_set, settings, seed)
    embeddings = embed.embed(net, task.crops, task.order, settings.channels, p.embed.flip)
    gallery = task.kept[task.kept["identity"] != NEW_WHALE]
    rankings = rank_individuals(embeddings, task.queries["image"], gallery)
    precision = metrics.precision_at_5(task.queries["identity"], rankings)
    return task.queries[["image", "identity"]].assign(precision=precision)


def rank_individuals(
    embeddings: Embeddings, queries: pd.Series, gallery: pd.DataFrame
) -> list[list[str]]:
    """The five individuals with the nearest photographs, for each query."""
    similarity = embeddings.of(queries) @ embeddings.of(gallery["image"]).T
    individuals, codes = np.unique(gallery["identity"], return_inverse=True)
    best = np.full((len(individuals), len(queries)), -np.inf)
    np.maximum.at(best, codes, similarity.T)
    return individuals[np.argsort(-best, axis=0, kind="stable")[:5].T].tolist()


def compare(folder: Path, study: Study, settings: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """The gain of each edit over the preset, over the seeds that both have been trained with."""
    rows = []
    for edit in study.edits:
        pairs = [
            [result_path(folder, name, seed, settings) for name in (edit, BASE)]
            for seed in study.seeds
        ]
        done = [[tables.read_csv(path) for path in pair] for pair in pairs if all_exist(pair)]
        if done:
            edited, base = (
                np.stack([table["precision"] for table in side]) for side in zip(*done, strict=True)
            )
            individuals = done[0][0]["identity"]
            weights = np.ones(len(individuals))
            gain = protocol.seeded_interval(edited - base, weights, individuals, RESAMPLES, 0)
            name = f"{edit}, {len(done)} seeds"
            rows.append({"edit": name, "map5": edited.mean(), "base": base.mean(), **gain})
    columns = ["edit", "map5", "base", "difference", "low", "high", "visible"]
    return pd.DataFrame(rows, columns=columns)


def all_exist(files: list[Path]) -> bool:
    """Whether all of these have been written."""
    return all(path.is_file() for path in files)


if __name__ == "__main__":
    typer.run(main)
