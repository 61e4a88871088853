"""A project that runs in seconds: a synthetic competition, tiny params, a copy of the code."""

import copy
import itertools
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from pipeline import params
from tests.conftest import ROOT

CODE = ["pipeline", "stages", "commands", ".dvc/config", ".dvcignore", ".gitignore", "dvc.yaml"]
INPUTS = ["data/review.csv", "data/pseudo.csv", "data/lr_range"]
IDENTITIES, PHOTOGRAPHS, NEW = 8, 4, 6
UNLABELLED = (1, 2)
HEIGHT, WIDTH = 64, 128

CHANGES = {
    "competition": {"path": "data/competition", "skip_bad": True},
    "crop": {"height": 32, "width": 64},
    "folds": {"count": 2, "trained": [0, 1]},
    "evaluation": {"crossfit": 2, "bootstrap": 100},
    "train": {
        "epochs": 1,
        "embedding": 16,
        "sampler": {"identities": 4, "views": 2, "new_whale_fraction": 0.2},
    },
    "keypoints": {"size": 128, "count": 40, "contrast": 0.0},
    "match": {"backbone": "tiny"},
    "rerank": {"reptile": {"hidden": 8, "meta_steps": 2}},
    "ensemble": {"boosting": {"rounds": 5, "min_leaf": 2}},
    "report": {"html": ["card"], "megabytes": 1},
    "identify": {"ensemble": "card"},
}
BACKBONES = {"tiny": {"timm_name": "test_resnet", "weights": "none", "overrides": {}}}
RECIPES = {
    "single": {"folds": [0], "scores": ["nearest"], "method": "lightgbm"},
    "card": {
        "folds": "all",
        "scores": ["reranked or centre", "vote"],
        "local": {"votes": 1.0, "weighted_inliers": 1.0},
        "method": "weighted",
    },
}


def draw_photograph(individual: int, rng: np.random.Generator) -> np.ndarray:
    """The colour of the individual over random water."""
    sea = cv2.resize(rng.integers(0, 256, (4, 8, 3), dtype=np.uint8), (WIDTH, HEIGHT))
    animal = np.full((HEIGHT, WIDTH, 3), np.random.default_rng(individual).integers(0, 256, 3))
    return (0.5 * sea + 0.5 * animal + rng.normal(0, 8, sea.shape)).clip(0, 255).astype(np.uint8)


def draw_competition(out: Path) -> None:
    """Draw 8 identities x 4 photographs and 6 new ones for training.

    The test has 8 known ones, 4 new ones and a duplicate; two known ones are unlabelled.
    """
    rng = np.random.default_rng(0)
    known, new = np.arange(IDENTITIES), IDENTITIES + np.arange(NEW + 4)
    splits = {"train": [*np.repeat(known, PHOTOGRAPHS), *new[:NEW]]}
    splits["test"] = [*known, *new[NEW:]]
    rows = []
    for split, individuals in splits.items():
        (out / split).mkdir(parents=True)
        for number, individual in enumerate(individuals):
            name = f"{split}{number:02d}.jpg"
            cv2.imwrite(str(out / split / name), draw_photograph(int(individual), rng))
            rows.append((name, f"w{individual}" if individual < IDENTITIES else "new_whale", split))
    shutil.copy(out / "train/train00.jpg", out / "test/copy.jpg")
    rows.append(("copy.jpg", "w0", "test"))
    (out / "unlabelled").mkdir()
    for individual in UNLABELLED:
        path = out / f"unlabelled/nobody{individual}.jpg"
        cv2.imwrite(str(path), draw_photograph(individual, rng))
    write_tables(pd.DataFrame(rows, columns=["Image", "Id", "split"]), out)


def write_tables(rows: pd.DataFrame, out: Path) -> None:
    """Write train.csv, the sample, and the hidden solution and duplicates."""
    test = rows[rows["split"] == "test"][["Image", "Id"]]
    rows[rows["split"] == "train"][["Image", "Id"]].to_csv(out / "train.csv", index=False)
    sample = test.assign(Id="new_whale").iloc[::-1]
    sample.to_csv(out / "sample_submission.csv", index=False)
    usage = np.where(np.arange(len(test)) % 3 == 0, "Public", "Private")
    test.assign(Usage=usage).to_csv(out / "solution.csv", index=False)
    (out / "truth").mkdir()
    (out / "truth/duplicates.csv").write_text("image_a,image_b\ntrain00.jpg,copy.jpg\n")


def write_params(path: Path) -> None:
    """Write params.yaml with tiny values, one backbone and two ensembles."""
    settings = params.merge(params.load_settings(ROOT / "tests/params.yaml"), CHANGES)
    recipe = settings["ensembles"]["card"] | {"backbones": {"tiny": 1.0}}
    settings["backbones"] = BACKBONES
    settings["ensembles"] = {
        name: copy.deepcopy(recipe | changes) for name, changes in RECIPES.items()
    }
    YAML().dump(settings, path)


def make_project(root: Path) -> None:
    """Make a git repository with the code, the params and the competition, before the first run."""
    for name in CODE + INPUTS:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        copy_path = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy_path(ROOT / name, root / name)
    write_params(root / "params.yaml")
    draw_competition(root / "data/competition")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)


def calls(stages: dict, settings: dict) -> list[tuple[str, list[str]]]:
    """(stage, arguments) of every run, in dvc.yaml's order."""
    runs = []
    for name, stage in stages.items():
        lists = [value_at(settings, key) for key in stage.get("matrix", {}).values()]
        runs += [(name, [str(item) for item in items]) for items in itertools.product(*lists)]
    return runs


def value_at(settings: dict, template: str) -> list:
    """The list that "${folds.trained}" stands for; a mapping stands for its keys."""
    for key in template.strip("${}").split("."):
        settings = settings[key]
    return list(settings)
