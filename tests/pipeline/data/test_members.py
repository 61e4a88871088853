"""A member reads its queries, its gallery and its files; a recipe lists its members."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params, paths
from pipeline.data import evidence, members, tables
from pipeline.data.gallery import Embeddings
from pipeline.data.members import Member
from tests.conftest import ROOT

MEMBER = Member("lite0", 1)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Three labelled photographs in two folds, and one of the test."""
    monkeypatch.chdir(tmp_path)
    folds = pd.DataFrame(
        {
            "image": ["a.jpg", "b.jpg", "c.jpg"],
            "identity": ["w_1", "w_1", "w_2"],
            "group": [0, 1, 2],
            "only_fold": "",
            "fold": [0, 1, 1],
            "part": 0,
        }
    )
    images = pd.DataFrame("0", index=range(4), columns=tables.COLUMNS["images"])
    images["image"] = ["a.jpg", "b.jpg", "c.jpg", "t.jpg"]
    images["split"] = ["train", "train", "train", "test"]
    tables.write("folds", folds, paths.FOLDS)
    tables.write("images", images, paths.IMAGES)


def test_a_member_unpacks_into_the_arguments_of_paths():
    assert paths.model(*MEMBER) == paths.model("lite0", 1)
    assert MEMBER.name == "lite0-1"


def test_the_test_is_a_set_of_queries_beside_the_folds():
    sets = members.load_query_sets([1, 0])
    images = {key: rows["image"].tolist() for key, rows in sets.items()}
    assert images == {1: ["b.jpg", "c.jpg"], 0: ["a.jpg"], paths.TEST: ["t.jpg"]}


def test_queries_are_the_fold_and_then_the_test():
    queries = MEMBER.query_rows()
    assert queries["image"].tolist() == ["b.jpg", "c.jpg", "t.jpg"]
    assert queries["kind"].tolist() == ["known", "unseen", "test"]


def test_a_member_reads_its_own_files():
    vectors = np.eye(2, dtype=np.float32)
    Embeddings(np.array(["a.jpg", "b.jpg"]), vectors).save(paths.embeddings("lite0", 1))
    assert MEMBER.embeddings().vectors.tolist() == vectors.tolist()
    table = evidence.build(np.array(["b.jpg"]), np.array(["w_1"]), "lite0-1", {"vote": np.ones(1)})
    evidence.save(table, paths.evidence("rerank", "lite0", 1))
    assert MEMBER.evidence("rerank")["source"].tolist() == ["vote"]
    tables.write_json({"way5_shot1": 0.5, "way20_shot1": None}, paths.few_shot_accuracy("lite0", 1))
    assert MEMBER.few_shot_accuracy() == {"way5_shot1": 0.5, "way20_shot1": None}
    near = pd.DataFrame({"query": ["b.jpg"], "image": ["a.jpg"]})
    tables.write_parquet(near, paths.neighbours("lite0", 1))
    assert MEMBER.nearest().to_dict() == near.to_dict()


def test_the_members_of_a_recipe_are_its_active_backbones_with_every_fold():
    recipe = next(iter(params.load(ROOT / "params.yaml").ensembles.values()))
    chosen = {"backbones": {"lite0": 1.0, "off": 0.0, "lite1": 0.5}, "folds": "all"}
    recipe = recipe.model_copy(update=chosen)
    wanted = [("lite0", 2), ("lite0", 0), ("lite1", 2), ("lite1", 0)]
    assert members.list_members(recipe, [2, 0]) == wanted
    assert members.list_members(recipe.model_copy(update={"folds": [0]}), [2, 0]) == wanted[1::2]


def test_the_cosine_of_joined_vectors_is_the_mean_of_the_members():
    for fold, degrees in enumerate([(0, 60), (0, 90)]):
        angles = np.deg2rad(degrees)
        vectors = np.column_stack([np.cos(angles), np.sin(angles)])
        Embeddings(np.array(["a.jpg", "b.jpg"]), vectors).save(paths.embeddings("lite0", fold))
    both = members.load_vectors(["lite0"], [0, 1], ["b.jpg", "a.jpg"])
    assert both @ both.T == pytest.approx(np.array([[1, 0.25], [0.25, 1]]), abs=1e-6)
