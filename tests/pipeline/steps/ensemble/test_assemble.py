"""Joining the evidence of several members, by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline import params
from pipeline.data import evidence
from pipeline.data.gallery import KNOWN, LABELLED_NEW
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.ensemble import assemble
from tests.conftest import ROOT
from tests.pipeline.steps.ensemble.synthetic import CANDIDATES, HELD_OUT, TESTED, build_fold

QUERIES = pd.DataFrame(
    {
        "image": ["q2", "q1"],
        "group": [0, 1],
        "kind": [KNOWN, LABELLED_NEW],
        "truth": ["a", NEW_WHALE],
        "fold": 3,
        "part": [0, 1],
    }
)


def build_table(*rows: tuple[str, str, float]) -> pd.DataFrame:
    query, identity, score = (np.array(column) for column in zip(*rows, strict=True))
    return evidence.build(query, identity, "m", {"nearest": score})


def join(tables: dict[str, pd.DataFrame], source: str, fold: int = 0) -> assemble.FoldEvidence:
    sources = dict.fromkeys(tables, [source])
    return assemble.assemble_fold(fold, tables, sources, QUERIES)


@pytest.fixture
def joined() -> assemble.FoldEvidence:
    """`one` leaves out c for q2; `two` leaves out a for q2 and b for q1."""
    tables = {
        "one": build_table(("q1", "a", 0.1), ("q1", "b", 0.2), ("q2", "a", 0.7), ("q2", "b", 0.3)),
        "two": build_table(("q1", "a", 0.9), ("q2", "b", 0.8), ("q2", "c", 0.6)),
    }
    return join(tables, "nearest", fold=3)


def test_candidates_are_the_union_in_the_queries_order(joined):
    assert joined.query.tolist() == [0, 0, 0, 1, 1]
    assert joined.identity.tolist() == ["a", "b", "c", "a", "b"]


def test_a_missing_score_becomes_the_lowest_of_its_query(joined):
    assert joined.scores.columns.tolist() == ["one.nearest", "two.nearest"]
    assert joined.scores["one.nearest"].tolist() == pytest.approx([0.7, 0.3, 0.3, 0.1, 0.2])
    assert joined.scores["two.nearest"].tolist() == pytest.approx([0.6, 0.8, 0.6, 0.9, 0.9])


def test_a_missing_local_score_is_0():
    """Only one candidate of the query was matched: it has 49 inliers, the other has none."""
    tables = {
        "one": build_table(("q2", "a", 0.7), ("q2", "b", 0.3)),
        "local": evidence.build(
            np.array(["q2"]), np.array(["a"]), "local", {"inliers": np.array([49.0])}
        ),
    }
    sources = {"one": ["nearest"], "local": ["inliers"]}
    fold = assemble.assemble_fold(0, tables, sources, QUERIES)
    assert fold.scores["local.inliers"].tolist() == [49, 0]


def test_choices_mark_the_true_candidate_and_new_queries(joined):
    choices = joined.to_choices(np.array([1.0, 2.0]))
    assert choices.right.tolist() == [True, False, False, False, False]
    assert choices.new.tolist() == [False, True]
    assert choices.weights.tolist() == [1, 2]


def test_selected_queries_keep_their_candidates(joined):
    selected = joined.select(np.array([False, True]))
    assert selected.queries["image"].tolist() == ["q1"]
    assert selected.query.tolist() == [0, 0]
    assert selected.identity.tolist() == ["a", "b"]
    assert selected.scores["one.nearest"].tolist() == pytest.approx([0.1, 0.2])


def test_no_query_selected(joined):
    empty = joined.select(np.array([False, False]))
    assert empty.queries.empty and empty.scores.empty and not len(empty.query)


def test_stacked_folds_keep_every_row_beside_its_query():
    folds = [build_fold(0), build_fold(1)]
    both = assemble.stack_folds(folds)
    assert both.queries["image"].tolist() == [q for fold in folds for q in fold.queries["image"]]
    for offset, fold in zip((0, HELD_OUT + TESTED), folds, strict=True):
        for query in (0, 7, HELD_OUT + TESTED - 1):
            rows, expected = both.query == offset + query, fold.query == query
            assert both.identity[rows].tolist() == fold.identity[expected].tolist()
            assert both.scores[rows].to_numpy() == pytest.approx(fold.scores[expected].to_numpy())
    assert len(both.query) == 2 * CANDIDATES * (HELD_OUT + TESTED)


RECIPE = (
    params.load(ROOT / "tests/params.yaml")
    .ensembles["card"]
    .model_copy(
        update={
            "backbones": {"one": 1.0},
            "scores": ["reranked or nearest"],
            "local": {"votes": 1.0},
        }
    )
)


def test_a_source_without_evidence_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="no evidence from 'reranked or nearest'"):
        assemble.choose_sources(RECIPE, {"one": {"vote"}})


def test_local_features_may_have_no_evidence():
    sources = assemble.choose_sources(RECIPE, {"one": {"nearest"}})
    assert sources == {"one": ["nearest"], "local": ["votes"]}


def test_without_any_local_evidence_every_candidate_has_0():
    tables = {"one": build_table(("q2", "a", 0.7)), "local": evidence.build_empty()}
    sources = {"one": ["nearest"], "local": ["votes", "inliers"]}
    fold = assemble.assemble_fold(0, tables, sources, QUERIES)
    assert fold.scores.to_dict("list") == {
        "one.nearest": [0.7],
        "local.votes": [0],
        "local.inliers": [0],
    }
    assert assemble.list_sources(fold) == sources


def test_a_fold_without_evidence_has_the_same_sources_and_no_candidates():
    fold = assemble.assemble_fold(0, {"one": evidence.build_empty()}, {"one": ["nearest"]}, QUERIES)
    assert fold.scores.columns.tolist() == ["one.nearest"] and not len(fold.query)
