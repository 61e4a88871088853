"""The answer to one new photograph: who answers, and what is left out.

The whole is tested in tests/stages.
"""

import numpy as np
import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import features, gallery, tables
from pipeline.identify import answer
from pipeline.identify.answer import Query
from pipeline.identify.gallery import Gallery
from pipeline.steps.ensemble.assemble import stack_held_out
from pipeline.steps.weigh.point_weights import PointWeigher
from tests.pipeline.steps.ensemble import synthetic


def query(groups: set[int], embeddings: dict[int, np.ndarray] | None = None) -> Query:
    return Query(embeddings or {}, features.nothing(), groups, PointWeigher())


def stored(**fields) -> Gallery:
    empty = dict(folds=None, embeddings={}, held_out=None, viewpoint={}, features=None, local=None)
    return Gallery(**empty | fields)


@pytest.mark.usefixtures("three_folds")
def test_a_photograph_is_not_compared_with_its_duplicates():
    known = stored(folds=tables.read("folds", paths.FOLDS))
    rows = answer.comparable_rows(query(set()), known, 2)
    assert rows["image"].tolist() == ["a0", "a1", "b1"]
    assert answer.comparable_rows(query({0}), known, 2)["image"].tolist() == ["a1", "b1"]
    assert answer.comparable_rows(query(set()), known, 0)["image"].tolist() == ["a1", "b1"]


def test_fits_on_a_photographs_cross_fitting_part_are_not_used(p):
    held_out = stack_held_out([synthetic.build_fold(0), synthetic.build_fold(1)])
    group = held_out.queries["group"].iloc[0]
    left = answer.without_part_of(query({group}), held_out, p).queries["group"]
    assert group not in set(left) and 0 < len(left) < len(held_out.queries)
    others = answer.without_part_of(query({99999}), held_out, p)
    assert len(others.queries) == len(held_out.queries)


def test_probabilities_sum_to_1_and_ties_are_in_the_order_of_names():
    table = pd.DataFrame({"identity": ["c", "b", "a"], "posterior": [0.6, 0.3, 0.3]})
    found = answer.normalise(table)
    assert list(found.index) == ["c", "a", "b"]
    assert found.tolist() == pytest.approx([0.5, 0.25, 0.25])


def test_without_candidates_the_answer_is_new():
    empty = pd.DataFrame({"identity": [], "posterior": []})
    assert answer.normalise(empty).to_dict() == {"new_whale": 1.0}


def test_photographs_are_ranked_by_matched_points_then_by_similarity():
    """Similarities 1 and .8 to b's photographs by one member, .6 and 0 by another."""
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
    names = np.array(["b0", "b1", "a0"])
    embeddings = {
        0: gallery.Embeddings(names, vectors),
        1: gallery.Embeddings(names, np.array([[0.6, 0.8], [0, 1], [1, 0]], np.float32)),
    }
    vector = np.array([1, 0], np.float32)
    near = pd.DataFrame({"image": ["b0", "b1"], "identity": "b", "inliers": np.nan})
    pairs = pd.DataFrame({"image": ["b1", "a0"], "identity": ["b", "a"], "inliers": [0.0, 7.0]})
    both = query(set(), {0: vector, 1: vector})
    found = answer.rank_compared(both, stored(embeddings=embeddings), [near, pairs])
    assert found["image"].tolist() == ["a0", "b0", "b1"]
    assert found["points"].tolist() == [7, 0, 0]
    assert found["similarity"].tolist() == pytest.approx([0.5, 0.8, 0.4])
