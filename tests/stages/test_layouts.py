"""A small competition in every published layout, from its files to the submission."""

import importlib
import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML
from sklearn.metrics import average_precision_score

from pipeline import params, paths
from pipeline.leaderboard.update import update_leaderboard
from tests.conftest import ROOT
from tests.pipeline.steps.competition.layouts import SIZE, Pictures, write_layout
from tests.stages import tiny

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
INDIVIDUALS, EACH = 5, 4  # of a species, for training
LONELY = "LizardID"  # a species without any labelled photograph
# layout, submission.format, columns of the submission (test_end_to_end has five names, too)
LAYOUTS = [
    pytest.param("humpback", "map5", ["Image", "Id"], marks=pytest.mark.slow),
    pytest.param("happywhale", "map5", ["image", "predictions"], marks=pytest.mark.slow),
    pytest.param("whaledo", "map5", ["image_id", "whale_id"], marks=pytest.mark.slow),
    ("whaledo", "photographs", ["query_id", "database_image_id", "score"]),
    pytest.param("wildlife_datasets", "map5", ["image_id", "identity"], marks=pytest.mark.slow),
    ("animalclef2025", "single", ["image_id", "identity"]),
    ("animalclef2026", "clusters", ["image_id", "cluster"]),
]
CHANGES = {
    "crop": {"height": 32, "width": 32, "without_masks": "whole"},
    "train": {"epochs": 0},
    "keypoints": {"size": 64, "count": 12, "edge": False},
    "rerank": {"method": "none"},
    "ensembles": {"card": {"scores": ["nearest"], "local": {"votes": 1.0}}},
    "report": {"html": []},
}


def list_photographs() -> pd.DataFrame:
    """Rows as of `layouts.TABLE`: the test has each known individual once, and two new ones."""
    rows = []
    for species in ("lynx", "newt"):
        train = [(f"{species}{i}", False) for i in range(INDIVIDUALS) for _ in range(EACH)]
        test = [(f"{species}{i}", True) for i in [*range(INDIVIDUALS), 8, 8, 9]]
        rows += [(name, species, is_test) for name, is_test in train + test]
    table = pd.DataFrame(rows, columns=["identity", "species", "test"])
    return table.assign(image=[f"p{number:03}" for number in range(len(table))], side="left")


def lay_out(folder: Path, layout: str) -> pd.DataFrame:
    """Write the competition with its solution; returns its photographs."""
    table = list_photographs()
    if layout == "animalclef2026":
        lonely = table[table["test"]][:2].assign(species=LONELY, image=["q0", "q1"])
        table = pd.concat([table, lonely], ignore_index=True)

    def draw(path: Path, number: int) -> None:
        name = table["identity"][number]
        rng = np.random.default_rng(number)
        large = tiny.draw_photograph(sum(map(ord, name)), rng)
        cv2.imwrite(str(path), cv2.resize(large, (SIZE, SIZE)))

    folder.mkdir(parents=True)
    write_layout(folder, layout, Pictures(table, draw))
    return table


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A function that runs all stages on a layout; returns its photographs."""

    def run(layout: str, form: str) -> pd.DataFrame:
        for name in tiny.INPUTS[:2]:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text((ROOT / name).read_text())
        tiny.write_params(tmp_path / "params.yaml")
        settings = YAML(typ="safe").load(tmp_path / "params.yaml")
        settings["ensembles"].pop("single")
        settings = params.merge(settings, CHANGES | {"submission": {"format": form}})
        YAML().dump(settings, tmp_path / "params.yaml")
        table = lay_out(tmp_path / "data/competition", layout)
        monkeypatch.chdir(tmp_path)
        for stage, words in tiny.calls(STAGES, settings):
            importlib.import_module(f"stages.{stage}").main(*words)
        return table

    return run


@pytest.mark.parametrize(("layout", "form", "columns"), LAYOUTS)
def test_every_layout_ends_with_its_submission(project, layout, form, columns):
    table = project(layout, form)
    answers = pd.read_csv(paths.submission("card"), dtype=str)
    test = table[table["test"]]
    assert answers.columns.tolist() == columns
    card = json.loads(paths.score_card("card").read_text())
    if form == "photographs":
        check_photographs(table, answers, card)
        return
    ends = ".jpg" if layout in ("humpback", "happywhale") else ""
    order = test["image"] if layout == "wildlife_datasets" else test["image"][::-1]
    assert answers[columns[0]].tolist() == [f"{image}{ends}" for image in order]
    labels = answers[columns[1]].str.split(" ")
    if form == "map5":
        assert (labels.str.len() == 5).all() and "ari" not in card and "geometric_mean" not in card
    elif form == "single":
        known = {*table["identity"][~table["test"]], "new_individual"}
        assert (labels.str.len() == 1).all() and set(answers["identity"]) <= known
        assert "new_individual" in set(answers["identity"])
        assert 0 <= card["geometric_mean_low"] <= card["geometric_mean"] <= 1
        # of the other species enough are known, and enough new
        assert card["not_measured_geometric_mean"].endswith(" new individuals of SalamanderID2025")
    else:
        check_clusters(answers, test, card)
    write_solution(test, columns)
    (row,) = update_leaderboard(params.load()).to_dict("records")
    assert row["measure"] == {"single": "geometric_mean", "clusters": "ari"}.get(form, "map5")
    assert (
        np.isnan(row["hidden"]) if layout in ("humpback", "happywhale") else -1 < row["hidden"] <= 1
    )


def check_clusters(answers: pd.DataFrame, test: pd.DataFrame, card: dict) -> None:
    species = test.set_index("image")["species"].replace({"newt": "SalamanderID2025"})
    for image, label in answers.itertuples(index=False, name=None):
        assert label.startswith(f"cluster_{species[image]}_")
    assert -1 <= card["ari_low"] <= card["ari"] <= 1
    assert card["ari_lynx"] is not None and card["ari_SalamanderID2025"] is not None


def check_photographs(table: pd.DataFrame, answers: pd.DataFrame, card: dict) -> None:
    """Against scikit-learn's average precision, as the competition computes it."""
    answers = answers.astype({"score": float})
    assert answers["score"].between(0, 1).all()
    test = table[table["test"]]
    identity = table.set_index("image")["identity"]
    assert answers["query_id"].drop_duplicates().tolist() == [
        f"{scenario}-{image}"
        for scenario in ("scenario01", "scenario02")
        for image in test["image"][::-1]
    ]
    precision = []
    for query, rows in answers.groupby("query_id"):
        scenario, image = query.split("-")
        database = table if scenario == "scenario01" else table[table["species"] == "lynx"]
        others = database[database["image"] != image]
        assert len(rows) == 20 and set(rows["database_image_id"]) <= set(others["image"])
        right = identity[rows["database_image_id"]].to_numpy() == identity[image]
        if relevant := int((others["identity"] == identity[image]).sum()):
            found = average_precision_score(right, rows["score"]) if right.any() else 0.0
            precision.append(found * right.sum() / min(relevant, 20))
    assert 0 < card["map20_low"] <= card["map20"] <= card["map20_high"] <= 1
    write_solution(test, ["image_id", "whale_id"])
    (row,) = update_leaderboard(params.load()).to_dict("records")
    assert row["measure"] == "map20" and row["held_out"] == card["map20"]
    assert row["hidden"] == pytest.approx(np.mean(precision), abs=1e-5)
    # colours tell the individuals: much better than chance
    assert row["hidden"] > 0.5


def write_solution(test: pd.DataFrame, columns: list[str]) -> None:
    if columns[0] != "image_id":
        return
    identity = "whale_id" if columns[1] == "whale_id" else "identity"
    rows = test.rename(columns={"image": "image_id", "identity": identity}).assign(Usage="Private")
    rows.to_csv("data/competition/solution.csv", index=False)
