"""The order of a collection, the path of a photograph, and what the model predicts."""

import numpy as np
import pytest

from pipeline.population.collection import (
    Collection,
    order_nodes,
    predict_first,
    select_likeliest,
    trace_path,
)

NEVER, EVEN, SURELY = -14.0, 0.0, 14.0


def symmetric(count, pairs):
    """Log-odds of a few pairs; all others are certainly different."""
    log_odds = np.full((count, count), NEVER)
    for first, second, value in pairs:
        log_odds[first, second] = log_odds[second, first] = value
    return log_odds


def test_known_individuals_come_first_then_photographs_with_many_matches():
    log_odds = symmetric(5, [(2, 4, SURELY), (3, 4, EVEN)])
    assert order_nodes(log_odds, 2).tolist() == [0, 1, 4, 2, 3]


def test_equal_photographs_keep_their_order():
    assert order_nodes(symmetric(4, []), 0).tolist() == [0, 1, 2, 3]


def test_a_path_goes_from_the_likeliest_candidate_to_the_least():
    path = trace_path(Collection(0, symmetric(4, [(0, 3, -2), (1, 3, 1), (2, 3, -1)])), 3)
    assert path.candidates.tolist() == [1, 2, 0]
    assert path.log_odds.tolist() == [1, -1, -2]
    assert path.explained == pytest.approx(0, abs=1e-5)


def test_a_candidate_that_looks_like_an_earlier_one_comes_later():
    """1 is as good as 0, of the same animal: when 0 does not match, 2 is likelier."""
    pairs = [(0, 3, 2.0), (1, 3, 1.9), (2, 3, 1.0), (0, 1, np.log(9))]
    path = trace_path(Collection(0, symmetric(4, pairs)), 3)
    assert path.candidates.tolist() == [0, 2, 1]
    assert path.explained[2] == pytest.approx(np.log(0.1), abs=1e-5)


def test_only_earlier_nodes_are_candidates_and_the_first_has_none():
    collection = Collection(0, symmetric(3, [(0, 1, EVEN), (1, 2, SURELY)]))
    assert trace_path(collection, 0).candidates.tolist() == []
    assert trace_path(collection, 1).candidates.tolist() == [0]
    assert trace_path(collection, 2, depth=1).candidates.tolist() == [1]


def test_the_model_predicts_the_product_of_no_match():
    collection = Collection(1, symmetric(3, [(0, 1, EVEN), (0, 2, EVEN), (1, 2, SURELY)]))
    assert predict_first(collection) == pytest.approx([0.5, 0], abs=1e-3)


def test_a_collection_without_photographs_predicts_nothing():
    assert predict_first(Collection(2, symmetric(2, []))).tolist() == []


@pytest.mark.parametrize("count", [1, 3, 7, 20])
def test_the_likeliest_are_those_of_a_sort(count):
    values = np.random.default_rng(count).normal(size=12)
    assert select_likeliest(values, count).tolist() == np.argsort(-values)[:count].tolist()
