"""The dataset of `benchmarks.few_labels`: a small competition of known individuals."""

import shutil
from pathlib import Path

import pandas as pd

from pipeline.data import tables
from pipeline.demo.competition import write_competition

WAYS, SHOTS = 10, 2
HIDDEN = "unlabelled.csv"  # the identities of the unlabelled photographs


def build_dataset(folder: Path, seed: int) -> None:
    """Write the competition directory of one seed, `photos`, from a demo of that seed."""
    demo, part = folder / ".demo", folder / ".photos"
    for old in (demo, part):
        shutil.rmtree(old, ignore_errors=True)
    write_competition(demo, seed, 1000, 400)
    rows = choose_photographs(demo, seed)
    splits = split_photographs(rows)
    for split, mask in splits.items():
        (part / split).mkdir(parents=True)
        for image, source in rows.loc[mask, ["Image", "split"]].itertuples(index=False):
            shutil.copy(demo / source / image, part / split / image)
    boxes = pd.read_csv(demo / "truth/boxes.csv")
    columns = ["Image", "Id"]
    tables.write_csv(boxes[boxes["Image"].isin(rows["Image"])], part / "boxes.csv")
    tables.write_csv(rows.loc[splits["train"], columns], part / "train.csv")
    test = rows[splits["test"]].sort_values("Image")
    tables.write_csv(test.assign(Id=tables.NEW_WHALE)[columns], part / "sample_submission.csv")
    tables.write_csv(test[columns], part / "solution.csv")
    unlabelled = rows.loc[splits["unlabelled"], columns].sort_values("Image")
    tables.write_csv(unlabelled, part / HIDDEN)
    shutil.rmtree(demo)
    part.rename(folder / "photos")


def choose_photographs(demo: Path, seed: int) -> pd.DataFrame:
    """The photographs of the most photographed individuals, shuffled: Image, Id, split."""
    train = pd.read_csv(demo / "train.csv").assign(split="train")
    test = pd.read_csv(demo / "solution.csv").assign(split="test")
    rows = pd.concat([train, test])
    # a duplicate of a labelled photograph would be trivial
    duplicates = pd.read_csv(demo / "truth/duplicates.csv")["image_b"]
    rows = rows[(rows["Id"] != tables.NEW_WHALE) & ~rows["Image"].isin(duplicates)]
    chosen = rows["Id"].value_counts().sort_index().nlargest(WAYS, keep="first").index
    return rows[rows["Id"].isin(chosen)].sample(frac=1, random_state=seed)


def split_photographs(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Masks by split: SHOTS labelled photographs each, the rest halves test and unlabelled."""
    number = rows.groupby("Id").cumcount()
    labelled, test = number < SHOTS, (number >= SHOTS) & (number % 2 == 0)
    return {"train": labelled, "test": test, "unlabelled": ~labelled & ~test}
