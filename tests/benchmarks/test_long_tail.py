"""The long tail: what is kept of each individual, smaller crops, rankings, gains."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import long_tail
from pipeline.data.gallery import Embeddings
from pipeline.evaluation.ablation_study import load_study


def build_folds(identities: list[str], groups: list[int] | None = None) -> pd.DataFrame:
    images = [f"{number:02}.jpg" for number in range(len(identities))]
    groups = list(range(len(identities))) if groups is None else groups
    return pd.DataFrame(
        {"image": images, "identity": identities, "group": groups, "only_fold": "", "fold": 0}
    )


def test_one_one_two_and_four_photographs_are_kept_and_every_new_whale():
    folds = build_folds([name for name in "abcde" for _ in range(5)] + ["new_whale"] * 3)
    kept, queries = long_tail.keep_few(folds)
    numbers = {"a": 1, "b": 1, "c": 2, "d": 4, "e": 1, "new_whale": 3}
    assert kept["identity"].value_counts().to_dict() == numbers
    assert queries["identity"].value_counts().to_dict() == {"a": 4, "b": 4, "c": 3, "d": 1, "e": 4}
    assert not set(kept["image"]) & set(queries["image"])


def test_another_split_keeps_more_or_fewer_of_each_individual():
    kept, _ = long_tail.keep_few(build_folds([name for name in "abcd" for _ in range(5)]), split=1)
    assert kept["identity"].value_counts().to_dict() == {"a": 1, "b": 2, "c": 4, "d": 1}


def test_a_duplicate_of_a_kept_photograph_and_a_pseudo_label_are_not_asked():
    folds = build_folds(["a", "a", "a"], groups=[7, 7, 7])
    folds.loc[2, "only_fold"] = "1"
    kept, queries = long_tail.keep_few(folds)
    assert len(kept) == 1
    assert queries.empty


def test_a_crop_shrinks_to_the_means_of_its_squares():
    crop = np.arange(2 * 5 * 1, dtype=np.uint8).reshape(2, 5, 1)  # the last column is left over
    np.testing.assert_array_equal(long_tail.shrink_crop(crop, 2)[..., 0], [[3, 5]])


def test_individuals_are_ranked_by_their_nearest_photograph():
    vectors = np.array([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0], [0.8, 0.6]], dtype=np.float32)
    embeddings = Embeddings(np.array(["q", "a1", "a2", "b1"]), vectors)
    gallery = pd.DataFrame({"image": ["a1", "a2", "b1"], "identity": ["a", "a", "b"]})
    ranked = long_tail.rank_individuals(embeddings, pd.Series(["q", "a2"]), gallery)
    assert ranked == [["b", "a"], ["a", "b"]]


def test_gains_are_over_the_seeds_that_both_were_trained_with(tmp_path):
    study, settings = load_study(long_tail.STUDY, Path("presets"))
    for edit, seed, precision in [
        ("base", 0, [0.0, 0.5]),
        ("base", 1, [0.5, 0.5]),
        ("memory", 0, [1.0, 0.5]),
        ("memory", 2, [1.0, 1.0]),
    ]:
        table = pd.DataFrame({"image": ["1", "2"], "identity": ["a", "b"], "precision": precision})
        table.to_csv(long_tail.result_path(tmp_path, edit, seed, settings), index=False)
    [row] = long_tail.compare(tmp_path, study, settings).to_dict("records")
    assert row["edit"] == "memory, 1 seeds"
    assert (row["map5"], row["base"], row["difference"]) == (0.75, 0.25, 0.5)
