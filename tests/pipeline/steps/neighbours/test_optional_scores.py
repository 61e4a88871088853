"""Margin and k-reciprocal scores through `score`, by hand and against the plain similarity."""

import numpy as np
import pandas as pd
import pytest

from pipeline.steps.neighbours import neighbours, optional_scores
from tests.pipeline.steps.neighbours.test_neighbours import SECTION, at, cosine, gallery, scored


def test_a_photographs_nearest_stranger():
    """a at 0 and 10, b at 30 and 90: for a's 20 and 30 degrees away, for b's 20 and 80."""
    shown = gallery(a=[0, 10], b=[30, 90])
    found = optional_scores.strangers(shown, SECTION)
    assert found == pytest.approx([cosine(30), cosine(20), cosine(20), cosine(80)], abs=1e-6)


def test_one_identity_has_no_stranger():
    assert optional_scores.strangers(gallery(a=[0, 10]), SECTION).tolist() == [-1, -1]
    assert optional_scores.strangers(gallery(a=[0]), SECTION).tolist() == [-1]


def test_the_margin_by_hand():
    """b's photograph at 90 has no stranger near: it passes where a's at 10 does not."""
    table = scored(gallery(a=[0, 10], b=[30, 90]), 50, margin_score=True)
    expected_a = max(cosine(50) - cosine(30), cosine(40) - cosine(20))
    expected_b = max(cosine(20) - cosine(20), cosine(40) - cosine(80))
    assert table.loc[("q50", "a"), "margin_score"] == pytest.approx(expected_a, abs=1e-6)
    assert table.loc[("q50", "b"), "margin_score"] == pytest.approx(expected_b, abs=1e-6)


def test_off_means_no_such_source():
    table = scored(gallery(a=[0, 10], b=[30, 90]), 50)
    assert set(table.columns) == {"nearest", "mean", "centre", "vote"}


def test_without_weight_the_neighbourhood_says_what_similarity_says():
    shown = gallery(a=[0, 10], b=[30, 90], c=[120])
    table = scored(shown, 50, 100, reciprocal=2, reciprocal_weight=0.0)
    assert table["reciprocal"].to_numpy() == pytest.approx(table["nearest"].to_numpy())


def test_shared_neighbours_lift_an_identity():
    """Two groups of alike photographs, the query at the edge of a's: a gains, b does not."""
    shown = gallery(a=[0, 4, 8, 12], b=[34, 60, 64, 68])
    table = scored(shown, 18, reciprocal=3, reciprocal_blend=1, reciprocal_weight=0.5)
    a, b = table.loc[("q18", "a")], table.loc[("q18", "b")]
    assert a["reciprocal"] > 0.5 * a["nearest"] + 0.05
    assert b["reciprocal"] == pytest.approx(0.5 * b["nearest"])


def test_a_gallery_of_one_photograph_has_no_neighbourhood():
    table = scored(gallery(only=[30]), 0, reciprocal=5, reciprocal_weight=0.5)
    assert table["reciprocal"].tolist() == pytest.approx([0.5 * cosine(30)])


def test_expansion_moves_the_query_and_augmentation_the_gallery():
    """The query at 0 with a at 20: halfway, and then nearer to it; b's alone moves with a."""
    plain = scored(gallery(a=[20], b=[60]), 0)
    pulled = scored(gallery(a=[20], b=[60]), 0, expansion=1, power=0.0)
    assert pulled.loc[("q0", "a"), "nearest"] == pytest.approx(cosine(10), abs=1e-6)
    moved = scored(gallery(a=[20], b=[60]), 0, augmentation=1, power=0.0)
    assert moved.loc[("q0", "b"), "nearest"] == pytest.approx(cosine(40), abs=1e-6)
    assert plain.loc[("q0", "b"), "nearest"] == pytest.approx(cosine(60), abs=1e-6)


def test_copies_in_the_gallery_are_each_others_neighbours():
    shown = gallery(a=[20, 20, 20], b=[60])
    rows, similarities = neighbours.others(shown, 2, SECTION)
    assert rows.shape == (4, 2) and not (rows == np.arange(4)[:, None]).any()
    assert similarities[:3] == pytest.approx(1)
    names = pd.Series(["q"])
    found, _ = neighbours.score(names, at(0), shown, SECTION, "m", {})
    assert not found["score"].isna().any()
