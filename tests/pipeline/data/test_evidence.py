"""The evidence table: missing scores stay missing, and files keep the table."""

import numpy as np
import pandas as pd
import pytest

from pipeline.data import evidence

NAN = np.nan


@pytest.fixture
def table() -> pd.DataFrame:
    queries = np.array(["q1", "q1", "q2"], dtype=object)
    identities = np.array(["w1", "w7", "007"], dtype=object)
    scores = {"nearest": np.array([0.81, 0.78, NAN]), "vote": np.array([0.4, NAN, 0.0])}
    return evidence.build(queries, identities, "lite0-2", scores)


def test_build_has_a_row_for_every_score_and_none_for_missing_ones(table):
    rows = [tuple(row) for row in table.itertuples(index=False)]
    assert rows == [
        ("q1", "w1", "lite0-2", "nearest", 0.81),
        ("q1", "w7", "lite0-2", "nearest", 0.78),
        ("q1", "w1", "lite0-2", "vote", 0.4),
        ("q2", "007", "lite0-2", "vote", 0.0),  # zero is a score
    ]


def test_pivot_has_a_column_per_source_in_the_given_order(table):
    pivoted = evidence.pivot(table, ["vote", "nearest"])
    assert list(pivoted.columns) == ["vote", "nearest"]
    assert pivoted.loc[("q1", "w1")].tolist() == [0.4, 0.81]
    assert pivoted.loc[("q2", "007"), "vote"] == 0.0
    assert np.isnan(pivoted.loc[("q1", "w7"), "vote"])
    assert np.isnan(pivoted.loc[("q2", "007"), "nearest"])
    assert len(pivoted) == 3


def test_pivot_leaves_out_pairs_without_any_of_the_sources(table):
    assert evidence.pivot(table, ["nearest"]).index.tolist() == [("q1", "w1"), ("q1", "w7")]


def test_a_source_without_rows_is_a_column_of_missing_scores(table):
    pivoted = evidence.pivot(table, ["vote", "votes"])
    assert list(pivoted.columns) == ["vote", "votes"] and pivoted["votes"].isna().all()
    empty = evidence.pivot(evidence.build_empty(), ["vote", "votes"])
    assert list(empty.columns) == ["vote", "votes"] and empty.index.names == ["query", "identity"]


def test_an_unknown_source_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no evidence from .*psychic.*\['nearest', 'vote'\]"):
        evidence.choose_sources(["nearest", "psychic"], {"vote", "nearest"})


def test_an_alternative_replaces_a_missing_source():
    assert evidence.choose_sources(["reranked or vote"], {"vote"}) == ["vote"]
    assert evidence.choose_sources(["reranked or vote", "vote"], {"vote"}) == ["vote"]


def test_the_sources_of_a_file(table, tmp_path):
    evidence.save(table, tmp_path / "evidence.parquet")
    assert evidence.read_sources(tmp_path / "evidence.parquet") == {"nearest", "vote"}
    evidence.save(evidence.build_empty(), tmp_path / "evidence.parquet")
    assert evidence.read_sources(tmp_path / "evidence.parquet") == set()


def test_one_pair_scored_twice_by_a_source_is_refused(table):
    with pytest.raises(ValueError, match="duplicate"):
        evidence.pivot(pd.concat([table, table]), ["nearest"])


def test_saved_evidence_is_loaded_again(table, tmp_path):
    evidence.save(table, tmp_path / "evidence.parquet")
    loaded = evidence.load(tmp_path / "evidence.parquet")
    assert loaded[evidence.COLUMNS[:-1]].equals(table[evidence.COLUMNS[:-1]].astype(str))
    np.testing.assert_allclose(loaded["score"], table["score"], rtol=1e-6)


def test_a_table_without_evidence_is_saved_and_loaded(tmp_path):
    for empty in (
        evidence.build_empty(),
        evidence.build(np.array([], object), np.array([], object), "lite0-0", {}),
        evidence.build(np.array(["q"]), np.array(["w"]), "lite0-0", {"vote": np.array([NAN])}),
    ):
        evidence.save(empty, tmp_path / "evidence.parquet")
        loaded = evidence.load(tmp_path / "evidence.parquet")
        assert list(loaded.columns) == evidence.COLUMNS and len(loaded) == 0
        assert loaded["score"].dtype == np.float64


def test_other_columns_are_refused_with_the_name_of_the_file(tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(ValueError, match="other.parquet: columns are"):
        evidence.load(tmp_path / "other.parquet")
