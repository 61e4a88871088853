"""Values at their bounds, far beyond eight individuals: every stage runs, or says what is wrong."""

import contextlib
import importlib
import io

import pytest
from ruamel.yaml import YAML

from tests.stages import tiny

MOST = 10**6
EXTREMES = {
    "neighbours": {
        **dict.fromkeys(["images", "vote"], 10_000),
        **dict.fromkeys(["expansion", "augmentation", "reciprocal", "reciprocal_blend"], 1000),
        **{"candidates": 1000, "margin_score": True, "power": 100.0},
        **{"index": "ivf", "lists": 65_536, "probes": 65_536},
    },
    "match": {"neighbours": 1000, "shortlist": 10_000, "random_pairs": 10_000, "probes": 65_536},
    "crop": {"without_masks": "unet", "unet": {"epochs": 1, "batch": 1024, "min_masks": 1}},
    "pretrain": {"method": "clusters", "epochs": 1, "batch": 256, "clusters": 100_000},
    "weigh": {"leaves": 10_000, "min_leaf": MOST},
    "score": {"gallery_sizes": [1, MOST], "reliability_bins": 1000},
}


@pytest.mark.slow
@pytest.mark.parametrize("section", EXTREMES)
@pytest.mark.fault("params", "values at their bounds, on 38 photographs", "every stage runs")
def test_values_at_their_bounds_are_of_use(section, tmp_path, monkeypatch):
    tiny.make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    settings = YAML(typ="safe").load(tmp_path / "params.yaml")
    for key, value in EXTREMES[section].items():
        changed = settings[section][key] | value if isinstance(value, dict) else value
        settings[section][key] = changed
    YAML().dump(settings, tmp_path / "params.yaml")
    for stage, words in tiny.calls(
        YAML(typ="safe").load(tmp_path / "dvc.yaml")["stages"], settings
    ):
        with contextlib.redirect_stdout(io.StringIO()):
            importlib.import_module(f"stages.{stage}").main(*words)
    assert (tmp_path / "submissions/card.csv").is_file()
