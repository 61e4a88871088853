"""The learning curve: settings of each size, scores of the queries, and rows that are kept."""

import re
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from benchmarks import learning_curve
from pipeline import paths
from stages import pretrain, train
from tests.stage_outputs import list_paths


def test_a_query_counts_by_its_own_individual_alone():
    """a is first for the first query, second for the second, sixth for the third; d is unknown."""
    queries = pd.DataFrame(
        {"image": ["1", "2", "3", "4"], "kind": ["known"] * 3 + ["unseen"], "truth": list("aaad")}
    )
    ranked = {"1": "ab", "2": "ba", "3": "bcdefa", "4": "ab"}
    rows = [
        (query, identity, "nearest", -rank)
        for query, identities in ranked.items()
        for rank, identity in enumerate(identities)
    ]
    rows += [("2", "a", "centre", 9.0)]  # another source
    evidence = pd.DataFrame(rows, columns=["query", "identity", "source", "score"])
    scores = learning_curve.score_queries(queries, evidence)
    assert scores == {"queries": 3, "top1": 0.3333, "map5": 0.5}


def test_every_stage_finds_what_it_reads():
    """The benchmark runs stages by itself: one that dvc.yaml gains before them must be added."""
    declared = YAML(typ="safe").load(Path("dvc.yaml"))["stages"]
    written: set[str] = set()
    for stage in (*learning_curve.SPLITTING, pretrain, train, *learning_curve.SEARCHING):
        own = declared[stage.__name__.removeprefix("stages.")]
        read = {of_any_member(path) for path in own["deps"] if path.startswith("data/work/")}
        assert read <= written, stage.__name__
        written.update(map(of_any_member, list_paths(own, "outs")))


def of_any_member(path: str) -> str:
    """A path of dvc.yaml, in which ${key} and ${item.backbone}-${item.fold} are one member."""
    return re.sub(r"\$\{[^}]*\}(-\$\{[^}]*\})?", "*", path)


def test_settings_are_those_of_the_preset_with_the_size_and_the_edits():
    edits = ["train.epochs=0", "train.views_per_identity=60", "crop.align=none"]
    settings = learning_curve.edit_preset("study-demo", 300, edits)
    assert settings["demo"]["train_images"] == 300
    assert settings["train"]["views_per_identity"] == 60 and settings["train"]["epochs"] == 0
    assert settings["crop"]["align"] == "none" and settings["crop"]["height"] == 48
    with pytest.raises(KeyError, match="epoch is not"):
        learning_curve.edit_preset("demo", 300, ["train.epoch=3"])


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """A run of the benchmark without its stages; returns the sizes that are measured in turn."""
    sizes: list[int] = []

    def measure(member):
        settings = learning_curve.params.load()
        sizes.append(settings.demo.train_images)
        return {"top1": settings.train.learning_rate}

    monkeypatch.setattr(learning_curve, "prepare", lambda backbone: None)
    monkeypatch.setattr(learning_curve, "measure_member", measure)
    return sizes


def test_a_row_that_is_there_is_not_measured_again(measured, tmp_path, capsys):
    out = tmp_path / "curve.csv"
    learning_curve.main(tmp_path, [100], out=out)
    learning_curve.main(tmp_path, [100, 300], out=out)
    learning_curve.main(tmp_path, [100], edits=["train.learning_rate=0.5"], out=out)
    assert measured == [100, 300, 100]
    table = pd.read_csv(out)
    assert table["photographs"].tolist() == [100, 300, 100]
    assert table["top1"].tolist() == [0.002, 0.002, 0.5]
    assert table["settings"].tolist() == ["demo", "demo", "demo train.learning_rate=0.5"]
    # the same crops serve both learning rates
    assert len(list(tmp_path.glob("100-*/params.yaml"))) == 1


def test_finished_photographs_and_folds_are_kept(monkeypatch, tmp_path):
    """A second training draws and crops nothing."""
    run = []
    settings = learning_curve.edit_preset("demo", 300, [])
    monkeypatch.setattr(learning_curve, "write_competition", lambda out, *_: out.mkdir())
    stages = [*learning_curve.SPLITTING, pretrain]
    for stage in stages:
        monkeypatch.setattr(stage, "main", lambda *_, stage=stage: run.append(stage))
    with learning_curve.enter_project(tmp_path, settings):
        learning_curve.prepare("lite0")
        paths.FOLDS.parent.mkdir(parents=True)
        paths.FOLDS.touch()
        learning_curve.prepare("lite0")
    assert run == [*stages, pretrain]
