"""A project for the tests of shards, and workers that have nothing but the files of a shard.

The project is the current folder.
"""

import json
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import shards, tables
from pipeline.data.gallery import Embeddings
from tests.pipeline.data import synthetic_features
from tests.stages import tiny

TINY = {
    "crop": {
        "height": 20,
        "width": 40,
        "unet": {"size": 32, "epochs": 6, "batch": 8, "min_masks": 3},
    },
    "keypoints": {"size": 160, "count": 120, "contrast": 0.01, "edge": True},
    "match": {"shortlist": 2, "peers": True},
}


def write_params(root: Path, **changes: dict) -> None:
    path = root / "params.yaml"
    tiny.write_params(path)
    settings = params.merge(params.merge(params.load_settings(path), TINY), changes)
    for recipe in settings["ensembles"].values():
        recipe["local"] = {}
    path.write_text(json.dumps(settings))  # which is YAML, too


def draw_animals(individuals: int, shots: int) -> pd.DataFrame:
    """Draw photographs of some individuals, which are labelled, and of another, the test's.

    Returns the "images" table. There are no boxes or masks.
    """
    Path("photos").mkdir()
    counts = dict.fromkeys(range(individuals + 1), shots)
    table = synthetic_features.images(Path("photos"), counts)
    table.loc[table.index >= individuals * shots, ["split", "identity"]] = ["test", ""]
    tables.write("images", table, paths.IMAGES)
    for kind, path in (("given_boxes", paths.GIVEN_BOXES), ("given_masks", paths.GIVEN_MASKS)):
        tables.write(kind, pd.DataFrame(columns=tables.COLUMNS[kind]), path)
    return table


def embed_animals(images: pd.DataFrame) -> None:
    """Write what `match` reads besides features: embeddings tell nothing; the test has a duplicate.

    Every second photograph of an individual is in the other fold.
    """
    table = images[images["split"] == "train"].reset_index(drop=True)
    shot = table.groupby("identity").cumcount()
    folds = table[["image", "identity"]].assign(group=table.index, only_fold="")
    tables.write("folds", folds.assign(fold=shot % 2, part=shot // 2 % 2), paths.FOLDS)
    nothing = pd.DataFrame(columns=tables.COLUMNS["viewpoints"])
    tables.write("viewpoints", nothing, paths.VIEWPOINTS)
    copy = [images["image"].iloc[-1], "w0_0.png", "w0"]
    tables.write(
        "duplicates", pd.DataFrame([copy], columns=tables.COLUMNS["duplicates"]), paths.DUPLICATES
    )
    vectors = np.random.default_rng(0).normal(size=(len(images), 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near = pd.DataFrame({"query": images["image"], "rank": 0, "similarity": 0.5})
    for fold in (0, 1):
        Embeddings(images["image"].to_numpy(), vectors).save(paths.embeddings("tiny", fold))
        near = near.assign(image=table["image"].iloc[fold + 3])
        tables.write_parquet(near, paths.neighbours("tiny", fold))


def run_in_shards(script: ModuleType, folder: Path) -> int:
    """Run a stage in shards, each in a folder with its own files alone; how many they are."""
    script.begin(folder, 10, False)
    plan = shards.read_plan(folder)
    worker = Path.cwd().parent / "worker"
    for number, shard in enumerate(plan):
        for path, file in {"params.yaml": "params.yaml", **shard.shared, **shard.own}.items():
            (worker / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, worker / path)
        with pytest.MonkeyPatch.context() as there:
            there.chdir(worker)
            script.compute(*shard.arguments)
        for out in shard.outs:
            place = shards.results(folder, number) / out
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(worker / out, place)
        shutil.rmtree(worker)
    if plan:
        script.join(folder)
    return len(plan)


def take_files(folder: Path) -> dict[str, bytes]:
    """The files of a folder, which is removed."""
    files = {path.as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    shutil.rmtree(folder)
    return files
