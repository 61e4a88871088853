"""The answer to one new photograph: who answers, and what is left out.

The whole is tested in tests/stages.
"""

import numpy as np
import pandas as pd
import pytest

from pipeline.data import features
from pipeline.identify import answer
from pipeline.identify.comparison import Query
from pipeline.identify.gallery import Gallery, Kept
from pipeline.steps.ensemble.assemble import stack_held_out
from pipeline.steps.weigh.point_weights import PointWeigher
from tests.pipeline.steps.ensemble import synthetic


def query(groups: set[int], embeddings: dict[int, np.ndarray] | None = None) -> Query:
    return Query(embeddings or {}, features.build_empty(), groups, PointWeigher())


def test_fits_on_a_photographs_cross_fitting_part_are_not_used(p):
    held_out = stack_held_out([synthetic.build_fold(0), synthetic.build_fold(1)])
    group = held_out.queries["group"].iloc[0]
    left = answer.without_part_of(query({group}), held_out, p).queries["group"]
    assert group not in set(left) and 0 < len(left) < len(held_out.queries)
    others = answer.without_part_of(query({99999}), held_out, p)
    assert len(others.queries) == len(held_out.queries)


def test_a_blend_is_fitted_once_for_photographs_that_repeat_no_labelled_one(p):
    folds = [synthetic.build_fold(0), synthetic.build_fold(1)]
    held_out = stack_held_out(folds)
    recipe = p.ensembles["card"].model_copy(update={"method": "weighted"})
    labelled = held_out.queries[["group"]]
    known = Gallery(labelled, {}, held_out, folds, {}, features.build_empty(), None, kept=Kept())
    outside = answer.fit_blend(query(set()), known, recipe, p)
    assert answer.fit_blend(query(set()), known, recipe, p) is outside
    of_the_test = query({99999})
    assert answer.fit_blend(of_the_test, known, recipe, p) is outside
    inside = query({held_out.queries["group"].iloc[0]})
    assert answer.fit_blend(inside, known, recipe, p) is not outside
    assert known.kept.blend is outside


def test_probabilities_sum_to_1_and_ties_are_in_the_order_of_names():
    table = pd.DataFrame({"identity": ["c", "b", "a"], "posterior": [0.6, 0.3, 0.3]})
    found = answer.normalise(table)
    assert list(found.index) == ["c", "a", "b"]
    assert found.tolist() == pytest.approx([0.5, 0.25, 0.25])


def test_without_candidates_the_answer_is_new():
    empty = pd.DataFrame({"identity": [], "posterior": []})
    assert answer.normalise(empty).to_dict() == {"new_whale": 1.0}
