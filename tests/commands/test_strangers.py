"""Strangers' photographs, put together by the members' vectors."""

import itertools

import numpy as np
import pandas as pd
import pytest

from commands import strangers
from pipeline import paths
from pipeline.data import tables
from pipeline.data.gallery import Embeddings
from tests.conftest import ROOT

DEGREES = {"a0": 0, "a1": 5, "b0": 60, "b1": 66, "t0": 120, "t1": 124, "t2": 170, "t3": 2}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Ensemble `best`: two of its four test photographs of strangers lie close together; t3 is a.
    Two individuals are known, and n is a new_whale."""
    (tmp_path / "params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    rows = [("a0", "a", 0), ("a1", "a", 0), ("b0", "b", 0), ("n", "new_whale", 0)]
    rows += [("a2", "a", 1), ("a4", "a", 1), ("b1", "b", 1), ("a3", "a", 2)]
    folds = pd.DataFrame(rows, columns=["image", "identity", "fold"])
    tables.write("folds", folds.assign(group=range(len(folds)), only_fold=""), paths.FOLDS)
    degrees = DEGREES | {"n": 3, "a2": 1, "a3": 4, "a4": 5}
    angles = np.deg2rad(list(degrees.values()))
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    for backbone, fold in itertools.product(["lite0", "regnet", "mobilenet"], range(3)):
        Embeddings(np.array(list(degrees)), vectors).save(paths.embeddings(backbone, fold))
    paths.submission("best").parent.mkdir(exist_ok=True)
    said = ["new_whale a", "new_whale b", "new_whale b", "a new_whale"]
    answers = pd.DataFrame({"Image": ["t0", "t1", "t2", "t3"], "Id": said})
    answers.to_csv(paths.submission("best"), index=False)


def test_a_stranger_on_two_photographs_is_one_group(capsys):
    strangers.main("best")
    table = pd.read_csv("submissions/best_strangers.csv")
    assert table.to_dict("list") == {"image": ["t0", "t1", "t2"], "group": [0, 0, 1]}
    said = capsys.readouterr().out
    assert said.startswith("0: t0, t1\n")
    assert "3 photographs of strangers in 2 groups" in said
    assert "100% of the pairs show one individual, and 100% of such pairs are found" in said


def test_new_whales_teach_nothing():
    """n lies beside a's photographs, but whom it shows is not known."""
    _, identity = strangers.held_out(["lite0"], 0)
    assert identity.tolist() == ["a", "a", "b"]


def test_an_ensemble_that_is_not_there():
    with pytest.raises(SystemExit, match="no ensemble 'bset'"):
        strangers.main("bset")


def test_a_pipeline_that_has_not_run():
    with pytest.raises(SystemExit, match="card.csv is not there: run the pipeline first"):
        strangers.main("card")


def test_without_two_photographs_of_one_individual_there_is_nothing_to_learn():
    rows = tables.read("folds", paths.FOLDS)
    tables.write("folds", rows.drop_duplicates("identity"), paths.FOLDS)
    with pytest.raises(SystemExit, match="nothing was written: no two held-out photographs"):
        strangers.main("best")
    assert not paths.submission("best").with_name("best_strangers.csv").exists()


def test_the_folds_that_chose_a_floor_do_not_judge_it():
    """Both lessons are right at some floor, but at none in common."""
    angles = np.deg2rad([0, 5, 60, 66]), np.deg2rad([0, 50, 120, 175])
    lessons = [
        (np.column_stack([np.cos(own), np.sin(own)]), np.array(["a", "a", "b", "b"]))
        for own in angles
    ]
    each = [strangers.worth([lesson, lesson]) for lesson in lessons]
    assert all("100% of the pairs show one individual, and 100% of" in said for said in each)
    assert "100%" not in strangers.worth(lessons).partition("and")[2]
    assert "can't be said" in strangers.worth(lessons[:1])
