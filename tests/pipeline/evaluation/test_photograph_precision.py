"""The average precision of photographs, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from pipeline.evaluation.photograph_precision import average_precision


def test_by_hand():
    """Found at ranks 1 and 3 of three: (1 + 2/3) / 3; none found: 0; all found: 1."""
    hits = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 0]], bool)
    expected = [5 / 9, 0, 1]
    assert average_precision(hits, np.array([3, 1, 2])) == pytest.approx(expected)


def test_twenty_of_more_are_enough():
    assert average_precision(np.ones((1, 20), bool), np.array([31])) == 1


def test_without_a_database_nothing_is_found():
    assert average_precision(np.zeros((2, 0), bool), np.array([1, 2])).tolist() == [0, 0]


def test_as_the_competition_computes_it():
    """Its precision is that of what is listed, rescaled to all that could be listed."""
    rng = np.random.default_rng(0)
    hits = rng.random((50, 20)) < 0.3
    hits[:, 19] = True  # without any, the competition's score is 0
    relevant = hits.sum(axis=1) + rng.integers(1, 15, 50)
    expected = [
        average_precision_score(row, -np.arange(20.0)) * row.sum() / min(count, 20)
        for row, count in zip(hits, relevant, strict=True)
    ]
    assert average_precision(hits, relevant) == pytest.approx(expected)
