"""Margin and k-reciprocal scores, by hand and compared with the plain similarity."""

import numpy as np
import pandas as pd
import pytest

from pipeline.steps.neighbours.neighbours import score_queries
from pipeline.steps.neighbours.optional_scores import compute_rival_similarities
from pipeline.steps.neighbours.search import search_others
from tests.pipeline.steps.neighbours.test_neighbours import (
    SECTION,
    at,
    build_gallery,
    cosine,
    score,
)


def test_rival_similarities_by_hand():
    """a at 0 and 10, b at 30 and 90: for a's 20 and 30 degrees away, for b's 20 and 80."""
    gallery = build_gallery(a=[0, 10], b=[30, 90])
    rivals = compute_rival_similarities(gallery, SECTION)
    assert rivals == pytest.approx([cosine(30), cosine(20), cosine(20), cosine(80)], abs=1e-6)


def test_a_single_identity_has_no_rival():
    assert compute_rival_similarities(build_gallery(a=[0, 10]), SECTION).tolist() == [-1, -1]
    assert compute_rival_similarities(build_gallery(a=[0]), SECTION).tolist() == [-1]


def test_the_margin_score_by_hand():
    """b's photograph at 90 has no rival near: it scores higher than a's at 10."""
    table = score(build_gallery(a=[0, 10], b=[30, 90]), 50, margin_score=True)
    expected_a = max(cosine(50) - cosine(30), cosine(40) - cosine(20))
    expected_b = max(cosine(20) - cosine(20), cosine(40) - cosine(80))
    assert table.loc[("q50", "a"), "margin_score"] == pytest.approx(expected_a, abs=1e-6)
    assert table.loc[("q50", "b"), "margin_score"] == pytest.approx(expected_b, abs=1e-6)


def test_no_optional_score_by_default():
    table = score(build_gallery(a=[0, 10], b=[30, 90]), 50)
    assert set(table.columns) == {"nearest", "mean", "centre", "vote"}


def test_with_weight_0_the_reciprocal_score_is_the_similarity():
    gallery = build_gallery(a=[0, 10], b=[30, 90], c=[120])
    table = score(gallery, 50, 100, reciprocal=2, reciprocal_weight=0.0)
    assert table["reciprocal"].to_numpy() == pytest.approx(table["nearest"].to_numpy())


def test_shared_neighbours_raise_the_score_of_an_identity():
    """Two groups of alike photographs, the query at the edge of a's: a gains, b does not."""
    gallery = build_gallery(a=[0, 4, 8, 12], b=[34, 60, 64, 68])
    table = score(gallery, 18, reciprocal=3, reciprocal_blend=1, reciprocal_weight=0.5)
    a, b = table.loc[("q18", "a")], table.loc[("q18", "b")]
    assert a["reciprocal"] > 0.5 * a["nearest"] + 0.05
    assert b["reciprocal"] == pytest.approx(0.5 * b["nearest"])


def test_a_gallery_of_one_photograph_has_no_neighbourhood():
    table = score(build_gallery(only=[30]), 0, reciprocal=5, reciprocal_weight=0.5)
    assert table["reciprocal"].tolist() == pytest.approx([0.5 * cosine(30)])


def test_expansion_moves_the_query_and_augmentation_the_gallery():
    """The query at 0 with a at 20: halfway, and then nearer to it; b's moves with a."""
    plain = score(build_gallery(a=[20], b=[60]), 0)
    expanded = score(build_gallery(a=[20], b=[60]), 0, expansion=1, power=0.0)
    assert expanded.loc[("q0", "a"), "nearest"] == pytest.approx(cosine(10), abs=1e-6)
    augmented = score(build_gallery(a=[20], b=[60]), 0, augmentation=1, power=0.0)
    assert augmented.loc[("q0", "b"), "nearest"] == pytest.approx(cosine(40), abs=1e-6)
    assert plain.loc[("q0", "b"), "nearest"] == pytest.approx(cosine(60), abs=1e-6)


def test_equal_gallery_vectors_are_neighbours_of_each_other():
    gallery = build_gallery(a=[20, 20, 20], b=[60])
    nearest = search_others(gallery, 2, SECTION)
    rows, similarities = nearest.rows, nearest.similarities
    assert rows.shape == (4, 2) and not (rows == np.arange(4)[:, None]).any()
    assert similarities[:3] == pytest.approx(1)
    names = pd.Series(["q"])
    table, _ = score_queries(names, at(0), gallery, SECTION, "m", {})
    assert not table["score"].isna().any()
