"""How good and how fast `tailprint name` is on a labelled collection, beside plain 1-NN.

    python -m benchmarks.naming_folder DATA WORK [--photographs 350] [--whole 10] [--train]

DATA has a table `train.csv` (columns Image, Id) and a folder `train`, in Kaggle's layout. Of its
photographs of known individuals a random fifth (with --photographs, of so many) is named by a
catalogue of the others, with a fifth of those labelled new_whale. Prints top-1 of known
individuals, that of 1-NN by the same frozen embeddings, and the difference with its 95 % interval,
bootstrapped by individual; how new ones are answered; the seconds of the first run, of one that has
nothing to do, and of one with five more photographs. With --whole, so many individuals with
SEVERAL photographs or more are left out of the catalogue as a whole, and the groups of unknown
individuals are scored on them: adjusted Rand index, precision and recall of pairs. With --train,
the photographs are named again, with training, and the paired difference is printed. WORK is a
folder for the answers.
"""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import clustering, protocol
from pipeline.naming.catalogue import Source
from pipeline.naming.naming import Named, name_photographs
from pipeline.naming.photographs import describe
from pipeline.naming.settings import Options, build_settings
from pipeline.naming.workspace import Workspace

ADDED = 5  # photographs that come later
SEVERAL = 3  # photographs of an individual that is left out as a whole


# one option per choice of the person who measures
def main(  # noqa: PLR0913
    data: Path,
    work: Path,
    photographs: Annotated[int, typer.Option(help="0: all.")] = 0,
    whole: Annotated[int, typer.Option(help="Individuals that no catalogue has.")] = 0,
    seed: int = 0,
    backbone: str = Options.backbone,
    train: Annotated[bool, typer.Option("--train", help="And with training.")] = False,
) -> None:
    """Name a fifth of the photographs in DATA by the others."""
    table = pd.read_csv(data / "train.csv", dtype=str, keep_default_na=False)
    table = table.set_axis(["image", "identity"], axis=1)
    known, new = hold_out_whole(*split(table, photographs, seed), whole, seed)
    lay_out(data, known, new, work)
    options = Options(backbone=backbone)
    later = sorted((work / "new").iterdir())[:ADDED]
    for file in later:
        file.rename(work / file.name)
    run("first run, without the last photographs", work, options)
    for file in later:
        (work / file.name).rename(file)
    run(f"{ADDED} photographs more", work, options)
    named = run("nothing to do", work, options)
    print(*named.sentences, sep="\n")
    report(named.table, known, new, work, options)
    if train:
        named = name_with_training(named.table, known, new, work, options)
    if whole:
        report_groups(named.table, known, new)


def name_with_training(
    frozen: pd.DataFrame, known: pd.DataFrame, new: pd.DataFrame, work: Path, options: Options
) -> Named:
    """Name the photographs again, with training, and print what it gains over `frozen` answers."""
    options = replace(options, train=True)
    run("training", work, options)
    named = run("nothing to do, with training", work, options)
    print(*named.sentences, sep="\n")
    report(named.table, known, new, work, options)
    truth = find_truth(named.table, new)
    present = np.isin(truth, known["identity"])
    print("--train over no training:")
    compare((frozen["name_1"] == truth)[present], (named.table["name_1"] == truth)[present], truth)
    return named


def find_truth(table: pd.DataFrame, new: pd.DataFrame) -> np.ndarray:
    """The individual on each photograph of a table of answers."""
    return new.set_index("image")["identity"].reindex(table["photograph"]).to_numpy()


def compare(first: pd.Series, second: pd.Series, truth: np.ndarray) -> None:
    """Print the paired difference of top-1, second minus first, of rows of the answers."""
    right = first.to_numpy(float), second.to_numpy(float)
    individuals = truth[first.index]
    interval = protocol.paired_interval(*right, np.ones(len(first)), individuals, 10_000, 0)
    print(", ".join(f"{name} {value:.3f}" for name, value in interval.items()))


def split(table: pd.DataFrame, count: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The catalogue and the new photographs; with a `count`, of whole individuals at random."""
    rng = np.random.default_rng(seed)
    labelled = table[table["identity"] != NEW_WHALE].reset_index(drop=True)
    unseen = table[table["identity"] == NEW_WHALE].reset_index(drop=True)
    if count:
        order = rng.permutation(labelled["identity"].unique())
        sizes = labelled["identity"].value_counts()[order].cumsum()
        chosen = order[: int((sizes < count).sum()) + 1]
        unseen = unseen.iloc[: round(len(unseen) * count / len(labelled))]
        labelled = labelled[labelled["identity"].isin(chosen)].reset_index(drop=True)
    queries = rng.random(len(labelled)) < 0.2
    some = unseen[rng.random(len(unseen)) < 0.2]
    return labelled[~queries], pd.concat([labelled[queries], some])


def hold_out_whole(
    known: pd.DataFrame, new: pd.DataFrame, count: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Move `count` individuals with SEVERAL photographs or more from the catalogue to the new."""
    sizes = pd.concat([known, new])["identity"].value_counts().sort_index()
    several = sizes.index[(sizes >= SEVERAL) & (sizes.index != NEW_WHALE)]
    chosen = np.random.default_rng([seed, 1]).permutation(several)[:count]
    moved = known["identity"].isin(chosen)
    return known[~moved], pd.concat([new, known[moved]])


def lay_out(data: Path, known: pd.DataFrame, new: pd.DataFrame, work: Path) -> None:
    """Write the catalogue as a CSV, and copy the new photographs into a folder."""
    shutil.rmtree(work / "new", ignore_errors=True)  # answers stay: an interrupted run goes on
    (work / "new").mkdir(parents=True)
    files = [str((data / "train" / name).resolve()) for name in known["image"]]
    listed = pd.DataFrame({"file": files, "name": known["identity"]})
    listed.to_csv(work / "catalogue.csv", index=False)
    for name in new["image"]:
        shutil.copyfile(data / "train" / name, work / "new" / name)


def run(label: str, work: Path, options: Options) -> Named:
    """Run once and print the time."""
    wall, cpu = time.monotonic(), time.process_time()
    source = Source(work / "catalogue.csv")
    named = name_photographs(source, work / "new", work / "answers", options)
    used = time.process_time() - cpu, time.monotonic() - wall
    print(f"{label}: {used[0]:.0f} CPU seconds, {used[1]:.0f} s on {os.cpu_count()} shared cores")
    return named


def report(
    table: pd.DataFrame, known: pd.DataFrame, new: pd.DataFrame, work: Path, options: Options
) -> None:
    """Print how often the first name is right, by this and by 1-NN, with a paired interval."""
    truth = find_truth(table, new)
    present = np.isin(truth, known["identity"])
    nearest = search_nearest(table["photograph"], known, work, options)
    ours, theirs = (table["name_1"] == truth).to_numpy(), nearest == truth
    five = np.any([table[f"name_{i}"] == truth for i in range(1, 6)], axis=0)
    unseen = (table["result"] == "new").to_numpy()
    individuals = known["identity"].nunique()
    print(f"{len(known)} photographs of {individuals} individuals, {present.sum()} named by them")
    print(f"top-1 {ours[present].mean():.3f}, top-5 {five[present].mean():.3f}")
    print(f"1-NN  {theirs[present].mean():.3f}")
    compare(pd.Series(theirs)[present], pd.Series(ours)[present], truth)
    print(
        f"called new: {unseen[present].mean():.3f} of known, {unseen[~present].mean():.3f} of "
        f"{(~present).sum()} new individuals"
    )
    confident = (table["probability_1"].astype(float) >= 0.9).to_numpy()
    print(f"{confident.sum()} answers of 90 % or more, {ours[confident].mean():.3f} right")


def report_groups(table: pd.DataFrame, known: pd.DataFrame, new: pd.DataFrame) -> None:
    """Print how well the photographs of individuals that the catalogue lacks are grouped.

    One that got no group, since a name is likelier than a new individual, is alone.
    """
    unseen = new[~new["identity"].isin([*known["identity"], NEW_WHALE])].set_index("image")
    groups = table.set_index("photograph")["unknown_group"].reindex(unseen.index)
    grouped = (groups != "").to_numpy()
    print(f"{len(unseen)} photographs of {unseen['identity'].nunique()} individuals left out whole")
    for label, chosen in (("all", np.ones(len(unseen), bool)), ("with a group", grouped)):
        alone = np.arange(len(unseen)) - len(unseen)  # no group's number
        clusters = np.where(grouped, groups, alone)[chosen].astype(int)
        truth = unseen["identity"].to_numpy()[chosen]
        agreement = clustering.score_agreement(clusters, truth)
        scores = {"ari": agreement["ari"], **clustering.score_pairs(clusters, truth)}
        numbers = ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
        print(f"groups of unknown individuals, {label} ({chosen.sum()}): {numbers}")


def search_nearest(
    images: pd.Series, known: pd.DataFrame, work: Path, options: Options
) -> np.ndarray:
    """The name of the catalogue's photograph with the nearest embedding, of each new one."""
    p = build_settings(options)
    listed = Source(work / "catalogue.csv").read()
    files = [work / "new" / image for image in images]
    found = describe([*listed["path"], *files], Workspace(work / "answers", p), p)
    vectors = {file: found.described[digest].vector for file, digest in found.digests.items()}
    gallery = np.stack([vectors[path] for path in listed["path"]])
    similarity = np.stack([vectors[file] for file in files]) @ gallery.T
    return listed["name"].to_numpy()[similarity.argmax(axis=1)]


if __name__ == "__main__":
    typer.run(main)
