"""One photograph more: who answers it, and what is left out; the whole is in tests/stages."""

import numpy as np
import pandas as pd
import pytest

from commands import asking
from pipeline import params, paths
from pipeline.data import features, gallery, tables
from pipeline.steps.ensemble.assemble import stack_held_out
from pipeline.steps.weigh.point_weights import PointWeigher
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble import synthetic


def asked(groups: set[int], vectors: dict[int, np.ndarray] | None = None) -> asking.Asked:
    return asking.Asked(vectors or {}, features.nothing(), groups, PointWeigher())


def known(**changes) -> asking.Known:
    nothing = dict(folds=None, embeddings={}, held=None, side={}, features=None, local=None)
    return asking.Known(**nothing | changes)


@pytest.mark.usefixtures("three_folds")
def test_a_photograph_is_shown_no_copy_of_itself():
    folds = tables.read("folds", paths.FOLDS)
    everyone = asking.shown_to(asked(set()), known(folds=folds), 2)
    assert everyone["image"].tolist() == ["a0", "a1", "b1"]
    assert asking.shown_to(asked({0}), known(folds=folds), 2)["image"].tolist() == ["a1", "b1"]
    assert asking.shown_to(asked(set()), known(folds=folds), 0)["image"].tolist() == ["a1", "b1"]


def test_what_was_fitted_on_a_photographs_part_has_no_say():
    p = params.load(ROOT / "tests/params.yaml")
    both = [synthetic.build_fold(0), synthetic.build_fold(1)]
    held = stack_held_out(both)
    group = held.queries["group"].iloc[0]
    left = asking.others(held, asked({group}), p).queries["group"]
    assert group not in set(left) and 0 < len(left) < len(held.queries)
    assert len(asking.others(held, asked({99999}), p).queries) == len(held.queries)


def test_chances_sum_to_1_and_ties_go_by_name():
    table = pd.DataFrame({"identity": ["c", "b", "a"], "posterior": [0.6, 0.3, 0.3]})
    found = asking.chances(table)
    assert list(found.index) == ["c", "a", "b"]
    assert found.tolist() == pytest.approx([0.5, 0.25, 0.25])


def test_nobody_to_compare_with_is_new():
    empty = pd.DataFrame({"identity": [], "posterior": []})
    assert asking.chances(empty).to_dict() == {"new_whale": 1.0}


def test_what_argues_most_has_most_points_then_is_most_similar():
    """Similarities 1 and .8 to b's photographs by one member, .6 and 0 by another."""
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
    names = np.array(["b0", "b1", "a0"])
    embeddings = {
        0: gallery.Embeddings(names, vectors),
        1: gallery.Embeddings(names, np.array([[0.6, 0.8], [0, 1], [1, 0]], np.float32)),
    }
    own = np.array([1, 0], np.float32)
    near = pd.DataFrame({"image": ["b0", "b1"], "identity": "b", "inliers": np.nan})
    pairs = pd.DataFrame({"image": ["b1", "a0"], "identity": ["b", "a"], "inliers": [0.0, 7.0]})
    found = asking.argued(
        asked(set(), {0: own, 1: own}), known(embeddings=embeddings), [near, pairs]
    )
    assert found["image"].tolist() == ["a0", "b0", "b1"]
    assert found["points"].tolist() == [7, 0, 0]
    assert found["similarity"].tolist() == pytest.approx([0.5, 0.8, 0.4])
