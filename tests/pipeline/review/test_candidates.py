"""The probabilities of pairs: a prior for those of one name, and one for those of two."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from pipeline import paths
from pipeline.data import tables
from pipeline.data.gallery import Embeddings
from pipeline.review.candidates import (
    LEAST_PROBABILITY,
    estimate_probabilities,
    load_candidates,
)

NAMES = pd.Series({"a1": "A", "a2": "A", "b1": "B", "b2": "B"})


def build_candidates(*rows):
    table = pd.DataFrame(rows, columns=["photograph", "other", "evidence", "weight"])
    return table.astype({"evidence": float, "weight": float}).assign(inliers=0.0)


def test_each_kind_of_pair_has_its_prior():
    """Evidence of 20 is certain: the prior is the fraction of such pairs."""
    table = estimate_probabilities(
        build_candidates(
            ["a1", "a2", 20.0, 3.0],
            ["b1", "b2", -20.0, 1.0],
            ["a1", "b1", 20.0, 1.0],
            ["a2", "b2", -20.0, 1.0],
        ),
        NAMES,
    )
    priors = {("a1", "a2"): 0.75, ("a1", "b1"): 0.5}
    assert list(zip(table["photograph"], table["other"], strict=True)) == [*priors]
    expected = [expit(20 + logit(prior)) for prior in priors.values()]
    assert table["probability"].tolist() == pytest.approx(expected)
    assert table["evidence"].tolist() == [20, 20]


def test_a_pair_is_kept_both_ways_the_more_probable_first():
    rows = build_candidates(["b1", "a1", 1.0, 1.0], ["a1", "b1", 2.0, 1.0], ["a2", "b2", -9.0, 1.0])
    table = estimate_probabilities(rows, NAMES)
    assert table["photograph"].tolist() == ["a1", "b1"] and table["evidence"].tolist() == [2, 1]
    assert table["probability"].min() >= LEAST_PROBABILITY


def test_inliers_are_compared_with_those_of_all_pairs_of_different_names():
    """Of ten such pairs nine have none, and one has 5, as the pair of one name: no more than it."""
    rows = build_candidates(
        ["a1", "a2", 9.0, 1.0],
        ["b1", "b2", 9.0, 1.0],
        ["a1", "b1", 9.0, 9.0],
        ["a2", "b2", 9.0, 1.0],
    )
    table = estimate_probabilities(rows.assign(inliers=[5.0, 6.0, 0.0, 5.0]), NAMES)
    found = table.set_index("photograph")["exceeds"]
    assert found[["b1", "a2"]].tolist() == pytest.approx([1.0, 0.9])
    assert sorted(found["a1"]) == pytest.approx([0.0, 0.9])


def test_photographs_without_a_name_and_no_pairs_give_no_questions():
    assert estimate_probabilities(build_candidates(["a1", "test", 5.0, 1.0]), NAMES).empty
    assert estimate_probabilities(build_candidates(), NAMES).empty


def test_the_pairs_of_held_out_photographs_are_read(tmp_path, monkeypatch):
    """By hand: evidence is 2 x similarity, and a pair of the test is no candidate."""
    monkeypatch.chdir(tmp_path)
    names = ["a1", "b1", "t1"]
    images = pd.DataFrame({"image": names, "identity": ["A", "B", ""], "sha256": names})
    images = images.assign(split=["train", "train", "test"], path=names)
    tables.write("images", images.assign(width=9, height=9, bytes=9), paths.IMAGES)
    folds = images[:2].assign(group=[0, 1], only_fold="", fold=[0, 1], part=0)
    tables.write("folds", folds, paths.FOLDS)
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
    Embeddings(np.array(names), vectors).save(paths.embeddings("lite0", 0))
    numbers = {"centre_": [0] * 3, "spread_": [1] * 3, "weights_": [2, 0, 0], "intercept_": 0}
    tables.write_json(numbers, paths.PAIR_MODEL)
    matched = pd.DataFrame({"query": ["a1", "t1"], "image": "b1", "identity": "B", "inliers": 1.0})
    tables.write_parquet(matched.assign(weight=[3.0, 1.0]), paths.matched_pairs(0))
    weighted = matched[["query", "image"]].assign(weighted_inliers=0.5)
    tables.write_parquet(weighted, paths.weighted_pairs(0))
    (row,) = load_candidates("lite0", [0]).to_dict("records")
    evidence = pytest.approx(1.2)
    expected = {"photograph": "a1", "other": "b1", "weight": 3.0, "inliers": 0.5}
    assert row == expected | {"evidence": evidence}
