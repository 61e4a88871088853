"""One set of pictures laid out as each competition publishes its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

SIZE = 32
# name, individual, species, side, whether it is to be identified
ANIMALS = [
    ("p0", "anna", "lynx", "left", False),
    ("p1", "anna", "lynx", "right", False),
    ("p2", "bruno", "lynx", "top", False),
    ("p3", "carla", "newt", "left", False),
    ("p4", "dora", "newt", "right", False),
    ("p5", "", "lynx", "left", True),
    ("p6", "", "newt", "", True),
]
TABLE = pd.DataFrame(ANIMALS, columns=["image", "identity", "species", "side", "test"])


@dataclass(frozen=True)
class Pictures:
    """Rows as of TABLE, and a function that draws the picture of a row (its number) at a path."""

    table: pd.DataFrame
    draw: Callable[[Path, int], object]

    def draw_all(self, folder: Path, place: str) -> None:
        """Draw every picture at `place`, a pattern of its name and split."""
        for number, row in enumerate(self.table.itertuples()):
            path = folder / place.format(name=row.image, split="test" if row.test else "train")
            path.parent.mkdir(parents=True, exist_ok=True)
            self.draw(path, number)


def draw(path: Path, seed: int) -> None:
    """A picture of random squares."""
    squares = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    cv2.imwrite(str(path), cv2.resize(squares, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST))


SQUARES = Pictures(TABLE, draw)


def write_folders(
    folder: Path, pictures: Pictures, place: str, labels: list[str], sample: list[str]
) -> None:
    """train.csv and the sample; `labels` and `sample` are the columns' names."""
    pictures.draw_all(folder, place)
    files = pictures.table.assign(image=pictures.table["image"] + ".jpg")
    train = files.loc[~files["test"], ["image", "identity", "species"]]
    train[["image", "identity", "species"][: len(labels)]].to_csv(
        folder / "train.csv", index=False, header=labels
    )
    test = files.loc[files["test"], ["image"]].iloc[::-1].assign(answer="new")
    test.to_csv(folder / "sample_submission.csv", index=False, header=sample)


def write_metadata(
    folder: Path, pictures: Pictures, answer: str = "", **columns: pd.Series
) -> None:
    """metadata.csv of all pictures, and a sample submission if `answer` is given."""
    table = pictures.table
    pictures.draw_all(folder, "images/{name}.jpg")
    paths = "images/" + table["image"] + ".jpg"
    pd.DataFrame({"image_id": table["image"], "path": paths, **columns}).to_csv(
        folder / "metadata.csv", index=False
    )
    if answer:
        sample = table.loc[table["test"], ["image"]].iloc[::-1].assign(answer="x")
        header = ["image_id", answer]
        sample.to_csv(folder / "sample_submission.csv", index=False, header=header)


def write_scenarios(folder: Path, table: pd.DataFrame) -> None:
    """Two scenarios of the queries, with the paths of the published example.

    The first database has every picture, also the queries; the second those of the first species.
    """
    names = ["scenario01", "scenario02"]
    databases = [table["image"], table.loc[table["species"] == table["species"][0], "image"]]
    for kind in ("queries", "databases"):
        (folder / kind).mkdir()
    for name, database in zip(names, databases, strict=True):
        queries = table.loc[table["test"], "image"].iloc[::-1]
        pd.DataFrame({"query_id": f"{name}-" + queries, "query_image_id": queries}).to_csv(
            folder / f"queries/{name}.csv", index=False
        )
        database.to_frame("database_image_id").to_csv(folder / f"databases/{name}.csv", index=False)
    root = "/code_execution/data/"
    pd.DataFrame(
        {
            "scenario_id": names,
            "queries_path": [f"{root}queries/{name}.csv" for name in names],
            "database_path": [f"{root}databases/{name}.csv" for name in names],
        }
    ).to_csv(folder / "query_scenarios.csv", index=False)


def write_layout(folder: Path, layout: str, pictures: Pictures = SQUARES) -> None:
    """Lay the pictures out; animalclef2025 and animalclef2026 differ in their sample."""
    table = pictures.table
    if layout == "humpback":
        write_folders(folder, pictures, "{split}/{name}.jpg", ["Image", "Id"], ["Image", "Id"])
    elif layout == "happywhale":
        labels = ["image", "individual_id", "species"]
        place = "{split}_images/{name}.jpg"
        write_folders(folder, pictures, place, labels, ["image", "predictions"])
    elif layout == "whaledo":
        labels = table["identity"].mask(table["test"], "hidden")
        # two pictures of an individual are of one encounter
        times = table.groupby("identity").cumcount() // 2
        encounters = labels + "-" + times.astype(str)
        columns = {"viewpoint": table["side"], "encounter_id": encounters}
        write_metadata(folder, pictures, whale_id=labels, **columns)
        write_scenarios(folder, table)
    elif layout == "wildlife_datasets":
        outline = json.dumps([4, 4, 20, 4, 20, 20, 4, 20])
        write_metadata(
            folder,
            pictures,
            identity=table["identity"].mask(table["test"], "unknown"),
            species=table["species"],
            bbox="[1.5, 2, 20, 40]",
            segmentation=[outline, *[""] * (len(table) - 1)],
        )
    else:
        answer = {"animalclef2025": "identity", "animalclef2026": "cluster"}[layout]
        write_metadata(
            folder,
            pictures,
            answer,
            identity=table["identity"].mask(table["test"], ""),
            orientation=table["side"],
            split=np.where(table["test"], "query", "database"),
            dataset=table["species"].replace({"newt": "SalamanderID2025"}),
        )
