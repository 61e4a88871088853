"""Joining several members' evidence, by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data import evidence
from pipeline.data.gallery import KNOWN, LABELLED_NEW
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.ensemble import assemble
from tests.pipeline.steps.ensemble.synthetic import CANDIDATES, HELD, TESTED, fold_of

QUERIES = pd.DataFrame(
    {
        "image": ["q2", "q1"],
        "group": [0, 1],
        "kind": [KNOWN, LABELLED_NEW],
        "truth": ["a", NEW_WHALE],
        "fold": 3,
    }
)
GALLERY = pd.DataFrame({"identity": ["a", "a", "b", "c"]})


def table(*rows: tuple[str, str, float]) -> pd.DataFrame:
    query, identity, score = (np.array(column) for column in zip(*rows, strict=True))
    return evidence.build(query, identity, "m", {"nearest": score})


def joined_by(tables: dict[str, pd.DataFrame], source: str, fold: int = 0) -> assemble.FoldEvidence:
    sources = dict.fromkeys(tables, [source])
    return assemble.fold_evidence(fold, tables, sources, QUERIES, GALLERY)


@pytest.fixture
def joined() -> assemble.FoldEvidence:
    """`one` leaves out c for q2; `two` leaves out a for q2 and b for q1."""
    tables = {
        "one": table(("q1", "a", 0.1), ("q1", "b", 0.2), ("q2", "a", 0.7), ("q2", "b", 0.3)),
        "two": table(("q1", "a", 0.9), ("q2", "b", 0.8), ("q2", "c", 0.6)),
    }
    return joined_by(tables, "nearest", fold=3)


def test_candidates_are_the_union_in_the_queries_order(joined):
    assert joined.query.tolist() == [0, 0, 0, 1, 1]
    assert joined.identity.tolist() == ["a", "b", "c", "a", "b"]


def test_a_missing_score_is_the_querys_lowest(joined):
    assert joined.scores.columns.tolist() == ["one.nearest", "two.nearest"]
    assert joined.scores["one.nearest"].tolist() == pytest.approx([0.7, 0.3, 0.3, 0.1, 0.2])
    assert joined.scores["two.nearest"].tolist() == pytest.approx([0.6, 0.8, 0.6, 0.9, 0.9])


def test_what_local_features_leave_out_is_0():
    """A query whose one looked-at candidate has 49 matches: nobody else has any."""
    tables = {
        "one": table(("q2", "a", 0.7), ("q2", "b", 0.3)),
        "local": evidence.build(
            np.array(["q2"]), np.array(["a"]), "local", {"inliers": np.array([49.0])}
        ),
    }
    sources = {"one": ["nearest"], "local": ["inliers"]}
    found = assemble.fold_evidence(0, tables, sources, QUERIES, GALLERY)
    assert found.scores["local.inliers"].tolist() == [49, 0]


def test_sizes_are_those_of_this_gallery(joined):
    assert joined.sizes.tolist() == [2, 1, 1, 2, 1]


def test_choices_know_the_truth(joined):
    choices = joined.choices(np.array([1.0, 2.0]))
    assert choices.right.tolist() == [True, False, False, False, False]
    assert choices.new.tolist() == [False, True]
    assert choices.weights.tolist() == [1, 2]


def test_some_queries_alone_keep_their_candidates(joined):
    alone = joined.only(np.array([False, True]))
    assert alone.queries["image"].tolist() == ["q1"]
    assert alone.query.tolist() == [0, 0]
    assert alone.identity.tolist() == ["a", "b"]
    assert alone.scores["one.nearest"].tolist() == pytest.approx([0.1, 0.2])
    assert alone.sizes.tolist() == [2, 1]


def test_no_query_at_all(joined):
    nobody = joined.only(np.array([False, False]))
    assert nobody.queries.empty and nobody.scores.empty and not len(nobody.query)


def test_stacked_folds_keep_every_row_beside_its_query():
    parts = [fold_of(0), fold_of(1)]
    both = assemble.stacked(parts)
    assert both.queries["image"].tolist() == [q for part in parts for q in part.queries["image"]]
    for at, part in zip((0, HELD + TESTED), parts, strict=True):
        for query in (0, 7, HELD + TESTED - 1):
            rows, own = both.query == at + query, part.query == query
            assert both.identity[rows].tolist() == part.identity[own].tolist()
            assert both.scores[rows].to_numpy() == pytest.approx(part.scores[own].to_numpy())
    assert len(both.query) == 2 * CANDIDATES * (HELD + TESTED)


def test_silent_members_are_an_error_that_names_the_source():
    tables = {"one": evidence.empty()}
    with pytest.raises(ValueError, match="no evidence from 'nearest'"):
        joined_by(tables, "nearest")


def test_an_alternative_is_taken_where_the_first_is_silent():
    tables = {"one": table(("q1", "a", 0.1), ("q2", "a", 0.7))}
    found = joined_by(tables, "reranked or nearest")
    assert found.scores.columns.tolist() == ["one.nearest"]
