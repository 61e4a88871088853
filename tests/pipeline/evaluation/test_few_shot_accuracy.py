"""Accuracies of clear, noisy and too few embeddings."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data.gallery import KNOWN, LABELLED_NEW, Embeddings
from pipeline.evaluation import few_shot_accuracy


def build_member(noise: float, individuals: int = 25, photographs: int = 5):
    """Individuals in orthogonal directions, one photograph of each held out."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(individuals), photographs + 1)
    vectors = np.eye(individuals + 5)[labels] + noise * rng.normal(
        size=(len(labels), individuals + 5)
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = np.array([f"i{number}" for number in range(len(labels))])
    table = pd.DataFrame({"image": names, "identity": [f"w{label}" for label in labels]})
    held_out = np.arange(len(labels)) % (photographs + 1) == 0
    queries = table[held_out].rename(columns={"identity": "truth"}).assign(kind=KNOWN)
    return Embeddings(names, vectors.astype(np.float32)), table[~held_out], queries


def test_clear_embeddings_have_accuracy_1():
    scores = few_shot_accuracy.compute_accuracies(*build_member(0.0), seed=0)
    names = ["way5_shot1", "way5_shot5", "way20_shot1", "way20_shot5"]
    assert scores == dict.fromkeys(names, 1.0) | {f"{name}_half_width": 0.0 for name in names}


def test_noise_has_the_accuracy_of_chance():
    scores = few_shot_accuracy.compute_accuracies(*build_member(1e3), seed=0)
    assert scores["way5_shot1"] == pytest.approx(0.2, abs=0.05)
    assert scores["way20_shot5"] == pytest.approx(0.05, abs=0.03)


def test_more_shots_raise_and_more_ways_lower_the_accuracy():
    scores = few_shot_accuracy.compute_accuracies(*build_member(0.35), seed=0)
    assert scores["way20_shot1"] < scores["way5_shot1"] < scores["way5_shot5"]
    assert scores["way20_shot1"] < scores["way20_shot5"]


def test_the_half_width_is_that_of_the_mean_over_episodes():
    """Episodes sampled by other seeds have means that lie as far apart as it states."""
    scores = pd.DataFrame(
        [few_shot_accuracy.compute_accuracies(*build_member(0.35), seed=seed) for seed in range(20)]
    )
    spread = scores["way5_shot1"].std(ddof=1)
    assert spread == pytest.approx(scores["way5_shot1_half_width"].mean() / 1.96, rel=0.5)


def test_too_few_individuals_give_nan():
    embeddings, gallery, queries = build_member(0.0, individuals=7, photographs=3)
    scores = few_shot_accuracy.compute_accuracies(embeddings, gallery, queries, seed=0)
    assert (scores.pop("way5_shot1"), scores.pop("way5_shot1_half_width")) == (1.0, 0.0)
    assert len(scores) == 6 and np.isnan(list(scores.values())).all()


def test_new_whales_are_no_queries():
    embeddings, gallery, queries = build_member(0.0)
    queries = queries.assign(kind=LABELLED_NEW)
    scores = few_shot_accuracy.compute_accuracies(embeddings, gallery, queries, seed=0)
    assert np.isnan(list(scores.values())).all()
