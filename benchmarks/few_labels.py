"""The gain by unlabelled photographs, with ten individuals and two labels each.

    python -m benchmarks.few_labels FOLDER [--seeds 3]

The few-label setting of the semi-supervised literature, built from the demo: of its ten most
photographed individuals two small photographs each keep their label; half of the others are
unlabelled training data, the other half are the test, and none is of a new individual. Four methods
in FOLDER: labels alone (`supervised`), the same with a second round on pseudo-labels
(`tailprint pseudo-label`), a backbone pretrained on all photographs by SimSiam, and that with
pseudo-labels. Each of five members is trained on some sixteen of the twenty labelled photographs,
and compares the test with all twenty. The test photographs get no pseudo-label; SimSiam, which uses
no labels, sees them too (the score card says `transductive`).

Prints the top-1 accuracy of each method on the test photographs, a row per seed, and its gain over
labels alone with a paired 95 % interval by individual; the number of the members' pseudo-labels,
and the fraction of them that is right. Finished steps are not run again.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import typer

from benchmarks.ablations import edit_params
from benchmarks.few_labels_data import HIDDEN, WAYS, build_dataset
from pipeline import params, paths
from pipeline.data import submission_file, tables
from pipeline.evaluation import protocol
from pipeline.system import children, clones

PRETRAINING = {"supervised": "none", "simsiam": "simsiam"}
# pseudo-labels per individual and member, about half of them unlabelled photographs; chosen on seed
# 9, which is not evaluated. A minimum posterior selects next to none: with twenty labels, members
# are seldom sure
SUREST = "6"
PSEUDO = " + pseudo-labels"
NAME = "single"  # the ensemble that is evaluated
SETTINGS = {
    "competition.path": "data/competition",
    "crop.height": 64,
    "crop.width": 128,
    "folds.count": 5,
    "folds.trained": [0, 1, 2, 3, 4],
    "evaluation.new_whale_prior": 0.01,  # there are no new individuals; 0 is refused
    "keypoints.enabled": False,
    "train.epochs": 12,
    "train.sampler.identities": WAYS,
    "train.sampler.views": 4,
    "train.sampler.new_whale_fraction": 0.0,
    "train.sampler.min_views": 32,
    "rerank.method": "none",
    f"ensembles.{NAME}.folds": "all",
    f"ensembles.{NAME}.new_whale.method": "never",
}


def main(folder: Path, seeds: int = 3) -> None:
    """Measure what unlabelled photographs add to few labelled ones."""
    folders = {seed: folder / f"seed-{seed}" for seed in range(seeds)}
    print_gains(pd.concat([evaluate_seed(path, seed) for seed, path in folders.items()]))
    labels = pd.concat([load_pseudo_labels(path, seed) for seed, path in folders.items()])
    print(labels.groupby(["method", "seed"])["right"].agg(["count", "mean"]).round(3).to_string())


def print_gains(hits: pd.DataFrame) -> None:
    """Print the accuracy of each method by seed, and its gain over labels alone."""
    wide = hits.pivot(index=["seed", "identity", "image"], columns="method", values="right")
    print(wide.groupby("seed").mean().round(3).to_string(), end="\n\n")
    settings = params.load().evaluation
    for method in wide.columns.drop("supervised"):
        interval = protocol.paired_interval(
            wide["supervised"].to_numpy(float),
            wide[method].to_numpy(float),
            np.ones(len(wide)),
            # the individuals differ between seeds
            wide.index.to_frame()[["seed", "identity"]].astype(str).agg("/".join, axis=1),
            settings.bootstrap,
            settings.seed,
        )
        print(f"{method}: " + "{difference:+.3f} ({low:+.3f} to {high:+.3f})".format(**interval))


def evaluate_seed(folder: Path, seed: int) -> pd.DataFrame:
    """Columns seed, identity, image, method, right: every test photograph, by every method."""
    photos = folder / "photos"
    if not photos.is_dir():
        build_dataset(folder, seed)
    results = []
    for method, pretraining in PRETRAINING.items():
        clone, first = folder / method, folder / f"{method}.csv"
        if not first.is_file():
            if not clone.is_dir():
                create_clone(clone, pretraining, seed)
            tables.write_csv(evaluate_clone(clone, photos), first)
        second = folder / f"{method}-pseudo.csv"
        if not second.is_file():
            if tables.read("pseudo", clone / paths.PSEUDO).empty:
                add_pseudo_labels(clone, photos)
            tables.write_csv(evaluate_clone(clone, photos), second)
        results += [pd.read_csv(first).assign(method=method)]
        results += [pd.read_csv(second).assign(method=method + PSEUDO)]
    return pd.concat(results).assign(seed=seed)


def add_pseudo_labels(clone: Path, photos: Path) -> None:
    """Give the unlabelled photographs pseudo-labels, and the test photographs none."""
    command = [sys.executable, "-m", "commands", "pseudo-label", NAME, "--surest", SUREST]
    children.run_checked(command, clone)
    labels = tables.read("pseudo", clone / paths.PSEUDO)
    test = set(pd.read_csv(photos / "solution.csv")["Image"])
    tables.write("pseudo", labels[~labels["image"].isin(test)], clone / paths.PSEUDO)


def load_pseudo_labels(folder: Path, seed: int) -> pd.DataFrame:
    """Columns method, image, identity, right, seed: the pseudo-labels of a seed's members.

    Several members may have the same one.
    """
    truth = pd.read_csv(folder / "photos" / HIDDEN).set_index("Image")["Id"]
    parts = []
    for method in PRETRAINING:
        labels = tables.read("pseudo", folder / method / paths.PSEUDO)[["image", "identity"]]
        right = labels["identity"].to_numpy() == truth[labels["image"]].to_numpy()
        parts.append(labels.assign(right=right, method=method))
    return pd.concat(parts).assign(seed=seed)


def create_clone(clone: Path, pretraining: str, seed: int) -> None:
    """Clone the last commit beside the photographs, with the settings above."""

    def set_up(part: Path) -> None:
        (part / "data/competition").symlink_to("../../photos")
        leaves = {**SETTINGS, "pretrain.method": pretraining, "train.seed": seed}
        edit_params(part / "params.yaml", NAME, leaves)

    clones.clone(clone, set_up)


def evaluate_clone(clone: Path, photos: Path) -> pd.DataFrame:
    """Columns image, identity, right: whether the clone's ensemble ranks the identity first."""
    children.run_checked([sys.executable, "-m", "commands", "run"], clone)
    submission = submission_file.read_submission(clone / paths.submission(NAME), tables.NEW_WHALE)
    ranking = submission.set_index("image")["ranking"]
    truth = pd.read_csv(photos / "solution.csv").set_index("Image")["Id"]
    truth = truth[ranking.index]
    right = (ranking.str[0] == truth).to_numpy()
    return pd.DataFrame({"image": ranking.index, "identity": truth.to_numpy(), "right": right})


if __name__ == "__main__":
    typer.run(main)
