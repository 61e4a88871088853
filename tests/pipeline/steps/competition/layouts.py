"""One set of pictures laid out as each competition publishes its own."""

import json
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


def draw(path: Path, seed: int) -> None:
    """A picture of random squares."""
    path.parent.mkdir(parents=True, exist_ok=True)
    squares = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    cv2.imwrite(str(path), cv2.resize(squares, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST))


def draw_all(folder: Path, place: str) -> None:
    """Draw every picture at `place`, a pattern of its name and split."""
    for seed, row in enumerate(TABLE.itertuples()):
        split = "test" if row.test else "train"
        draw(folder / place.format(name=row.image, split=split), seed)


def write_folders(folder: Path, place: str, labels: list[str], sample: list[str]) -> None:
    """train.csv and the sample; `labels` and `sample` are the columns' names."""
    draw_all(folder, place)
    files = TABLE.assign(image=TABLE["image"] + ".jpg")
    train = files.loc[~files["test"], ["image", "identity", "species"]]
    train[["image", "identity", "species"][: len(labels)]].to_csv(
        folder / "train.csv", index=False, header=labels
    )
    test = files.loc[files["test"], ["image"]].iloc[::-1].assign(answer="new")
    test.to_csv(folder / "sample_submission.csv", index=False, header=sample)


def write_metadata(folder: Path, answer: str = "", **columns: pd.Series) -> None:
    """metadata.csv of all pictures, and a sample submission if `answer` is given."""
    draw_all(folder, "images/{name}.jpg")
    paths = "images/" + TABLE["image"] + ".jpg"
    pd.DataFrame({"image_id": TABLE["image"], "path": paths, **columns}).to_csv(
        folder / "metadata.csv", index=False
    )
    if answer:
        sample = TABLE.loc[TABLE["test"], ["image"]].iloc[::-1].assign(answer="x")
        header = ["image_id", answer]
        sample.to_csv(folder / "sample_submission.csv", index=False, header=header)


def write_scenarios(folder: Path) -> None:
    """Two scenarios of the queries, with the paths of the published example."""
    names = ["scenario01", "scenario02"]
    for kind in ("queries", "databases"):
        (folder / kind).mkdir()
    for name in names:
        queries = TABLE.loc[TABLE["test"], "image"].iloc[::-1]
        pd.DataFrame({"query_id": name, "query_image_id": queries}).to_csv(
            folder / f"queries/{name}.csv", index=False
        )
    root = "/code_execution/data/"
    pd.DataFrame(
        {
            "scenario_id": names,
            "queries_path": [f"{root}queries/{name}.csv" for name in names],
            "database_path": [f"{root}databases/{name}.csv" for name in names],
        }
    ).to_csv(folder / "query_scenarios.csv", index=False)


def write_layout(folder: Path, layout: str) -> None:
    """Lay the pictures out; animalclef2025 and animalclef2026 differ in their sample."""
    if layout == "humpback":
        write_folders(folder, "{split}/{name}.jpg", ["Image", "Id"], ["Image", "Id"])
    elif layout == "happywhale":
        labels = ["image", "individual_id", "species"]
        write_folders(folder, "{split}_images/{name}.jpg", labels, ["image", "predictions"])
    elif layout == "whaledo":
        labels = TABLE["identity"].mask(TABLE["test"], "hidden")
        write_metadata(folder, whale_id=labels, viewpoint=TABLE["side"])
        write_scenarios(folder)
    elif layout == "wildlife_datasets":
        outline = json.dumps([4, 4, 20, 4, 20, 20, 4, 20])
        write_metadata(
            folder,
            identity=TABLE["identity"].mask(TABLE["test"], "unknown"),
            species=TABLE["species"],
            bbox="[1.5, 2, 20, 40]",
            segmentation=[outline, *[""] * (len(TABLE) - 1)],
        )
    else:
        answer = {"animalclef2025": "identity", "animalclef2026": "cluster"}[layout]
        write_metadata(
            folder,
            answer,
            identity=TABLE["identity"],
            orientation=TABLE["side"],
            split=np.where(TABLE["test"], "query", "database"),
            dataset=TABLE["species"].replace({"newt": "SalamanderID2025"}),
        )
