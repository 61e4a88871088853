import numpy as np
import pandas as pd
import pytest

from pipeline.data.gallery import KNOWN, LABELLED_NEW, Embeddings
from pipeline.evaluation import few_shot_accuracy


def member(noise: float, people: int = 25, photographs: int = 5):
    """People in directions of their own, and one photograph of each held out."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(people), photographs + 1)
    vectors = np.eye(people + 5)[labels] + noise * rng.normal(size=(len(labels), people + 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = np.array([f"i{number}" for number in range(len(labels))])
    table = pd.DataFrame({"image": names, "identity": [f"w{label}" for label in labels]})
    held = np.arange(len(labels)) % (photographs + 1) == 0
    queries = table[held].rename(columns={"identity": "truth"}).assign(kind=KNOWN)
    return Embeddings(names, vectors.astype(np.float32)), table[~held], queries


def test_clear_vectors_are_always_named_right():
    told = few_shot_accuracy.accuracies(*member(0.0), seed=0)
    names = ["way5_shot1", "way5_shot5", "way20_shot1", "way20_shot5"]
    assert told == dict.fromkeys(names, 1.0) | {f"{name}_half_width": 0.0 for name in names}


def test_noise_is_right_by_chance():
    told = few_shot_accuracy.accuracies(*member(1e3), seed=0)
    assert told["way5_shot1"] == pytest.approx(0.2, abs=0.05)
    assert told["way20_shot5"] == pytest.approx(0.05, abs=0.03)


def test_more_photographs_help_and_more_ways_hurt():
    told = few_shot_accuracy.accuracies(*member(0.35), seed=0)
    assert told["way20_shot1"] < told["way5_shot1"] < told["way5_shot5"]
    assert told["way20_shot1"] < told["way20_shot5"]


def test_the_margin_is_that_of_the_mean_over_tasks():
    """Tasks drawn by other seeds have means that lie as far apart as it says."""
    told = pd.DataFrame(
        [few_shot_accuracy.accuracies(*member(0.35), seed=seed) for seed in range(20)]
    )
    spread = told["way5_shot1"].std(ddof=1)
    assert spread == pytest.approx(told["way5_shot1_half_width"].mean() / 1.96, rel=0.5)


def test_too_few_individuals_have_no_figure():
    embeddings, gallery, queries = member(0.0, people=7, photographs=3)
    told = few_shot_accuracy.accuracies(embeddings, gallery, queries, seed=0)
    assert (told.pop("way5_shot1"), told.pop("way5_shot1_half_width")) == (1.0, 0.0)
    assert len(told) == 6 and np.isnan(list(told.values())).all()


def test_new_whales_are_not_asked():
    embeddings, gallery, queries = member(0.0)
    queries = queries.assign(kind=LABELLED_NEW)
    told = few_shot_accuracy.accuracies(embeddings, gallery, queries, seed=0)
    assert np.isnan(list(told.values())).all()
