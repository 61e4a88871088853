"""Whole runs on collections in which one kind of held-out query is missing."""

import importlib
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.stages import tiny

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
KNOWN, UNKNOWN = 6, 4  # test photographs


def draw_collection(out: Path, individuals: int, each: int) -> None:
    """Draw so many individuals for training, none of them new, and a test with unknown ones."""
    shutil.rmtree(out)
    rng, rows = np.random.default_rng(0), []
    train = [i for i in range(individuals) for _ in range(each)]
    test = [*(i % individuals for i in range(KNOWN)), *range(500, 500 + UNKNOWN)]
    for split, numbers in (("train", train), ("test", test)):
        (out / split).mkdir(parents=True)
        for place, individual in enumerate(numbers):
            name = f"{split}{place:02}.jpg"
            cv2.imwrite(str(out / split / name), tiny.draw_photograph(individual, rng))
            rows.append((name, f"w{individual}" if individual < 500 else "new_whale", split))
    tiny.write_tables(pd.DataFrame(rows, columns=["Image", "Id", "split"]), out)


@pytest.mark.slow
@pytest.mark.fault(
    "evaluation",
    "a whole run without new, or without known, held-out photographs",
    "new_whale is answered for some of the test and not for all, and no score is made up",
)
@pytest.mark.parametrize(
    "individuals, each, missing", [(10, 4, ""), (4, 5, "a new"), (20, 1, "a known")]
)
def test_a_run_without_one_kind(tmp_path, monkeypatch, capsys, individuals, each, missing):
    tiny.make_project(tmp_path)
    draw_collection(tmp_path / "data/competition", individuals, each)
    (tmp_path / "data/competition/truth/duplicates.csv").unlink()
    monkeypatch.chdir(tmp_path)
    for stage, words in tiny.calls(STAGES, YAML(typ="safe").load(tmp_path / "params.yaml")):
        importlib.import_module(f"stages.{stage}").main(*words)
    output = capsys.readouterr().out
    card = json.loads((tmp_path / "submissions/card.json").read_text())
    answers = pd.read_csv(tmp_path / "submissions/card.csv")["Id"].str.split(" ").str[0]
    called_new = (answers == "new_whale").mean()
    assert 0 < called_new < 0.8
    assert (card["map5"] is None) == bool(missing)
    if missing:
        assert f"no held-out photograph shows {missing} individual" in output
        assert f"shows {missing}" in card["not_measured"]
    else:
        assert "2 individuals with 8 photographs are held out whole" in output
