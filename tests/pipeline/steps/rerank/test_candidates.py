"""The first candidates of every query, written out."""

from collections import defaultdict

import numpy as np
import pandas as pd

from pipeline.steps.rerank.candidates import first_candidates

GALLERY = {"a": np.array([0, 1, 2]), "b": np.array([3]), "c": np.array([4, 5])}
EVERYTHING = defaultdict(lambda: np.ones(6, bool))


def scores(rows: list[tuple[str, str, float]]) -> pd.Series:
    table = pd.DataFrame(rows, columns=["query", "identity", "score"])
    return table.set_index(["query", "identity"])["score"]


def test_the_best_candidates_come_first_with_their_photographs():
    first = scores([("q", "a", 0.1), ("q", "b", 0.9), ("q", "c", 0.5)])
    top = first_candidates(first, 2, GALLERY, shots=2, allowed=EVERYTHING)
    assert top.queries.tolist() == ["q"]
    assert top.identities.tolist() == [["b", "c"]]
    assert top.scores.tolist() == [[0.9, 0.5]]
    assert top.supports.tolist() == [[[3, -1], [4, 5]]]


def test_fewer_candidates_than_top_are_padded():
    first = scores([("q2", "a", 0.3), ("q1", "b", 0.2), ("q1", "a", 0.4)])
    top = first_candidates(first, 3, GALLERY, shots=2, allowed=EVERYTHING)
    assert top.queries.tolist() == ["q1", "q2"]
    assert top.identities.tolist() == [["a", "b", ""], ["a", "", ""]]
    assert top.scores.tolist() == [[0.4, 0.2, -np.inf], [0.3, -np.inf, -np.inf]]
    assert top.supports[1].tolist() == [[0, 1], [-1, -1], [-1, -1]]


def test_ties_are_ordered_by_identity():
    first = scores([("q", "c", 0.5), ("q", "a", 0.5), ("q", "b", 0.5)])
    assert first_candidates(first, 2, GALLERY, shots=1, allowed=EVERYTHING).identities.tolist() == [
        ["a", "b"]
    ]


def test_photographs_that_a_query_is_not_compared_with_are_no_supports():
    first = scores([("q1", "a", 0.3), ("q2", "a", 0.3)])
    allowed = {"q1": np.ones(6, bool), "q2": np.array([0, 1, 1, 1, 0, 1], bool)}
    top = first_candidates(first, 1, GALLERY, shots=2, allowed=allowed)
    assert top.supports.tolist() == [[[0, 1]], [[1, 2]]]
