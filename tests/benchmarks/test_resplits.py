"""Splits of labelled photographs anew: the clone's settings, and the gap of its leaderboards."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import resplits, seeds
from pipeline import params

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def competition(tmp_path):
    """A competition whose hidden truth has one new individual among four photographs."""
    folder = tmp_path / "photos"
    folder.mkdir()
    names = ["a", "b", "new_whale", "a"]
    rows = {"Image": [f"{n}.jpg" for n in range(4)], "Id": names, "Usage": "Private"}
    pd.DataFrame(rows).to_csv(folder / "solution.csv", index=False)
    return folder


def test_a_clone_has_the_preset_the_photographs_and_the_prior_of_its_test(competition, tmp_path):
    clone = tmp_path / "clone"
    (clone / "data").mkdir(parents=True)
    shutil.copytree(ROOT / "presets", clone / "presets")
    resplits.set_up(clone, "animals-cpu", competition)
    p = params.load(clone / "params.yaml")
    assert p.evaluation.new_whale_prior == 0.25
    assert p.ensembles.keys() == {"animals_card", "animals_best"}
    assert (clone / p.competition.path / "solution.csv").samefile(competition / "solution.csv")


def test_without_a_hidden_truth_there_is_no_prior(tmp_path):
    columns = params.load(ROOT / "params.yaml").competition.columns
    with pytest.raises(SystemExit, match="no solution.csv"):
        resplits.measure_prior(tmp_path, columns)


def test_the_gap_is_hidden_minus_held_out(tmp_path, capsys):
    row = {"ensemble": "best", "public": 0.0, "private": 0.0, "commit": "c"}
    boards = [
        pd.DataFrame([{**row, "seed": seed, "held_out_map5": 0.5, "hidden": 0.5 + gap}])
        for seed, gap in enumerate([0.1, 0.3])
    ]
    seeds.print_gaps(tmp_path, boards)
    assert "hidden 0.700  gap +0.200" in capsys.readouterr().out
    boards[1]["commit"] = "d"
    with pytest.raises(SystemExit, match="several commits"):
        seeds.print_gaps(tmp_path, boards)
