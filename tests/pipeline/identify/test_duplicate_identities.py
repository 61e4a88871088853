"""Pairs of identities that may be one animal, with the photographs to look at."""

import pandas as pd
import pytest

from pipeline import paths
from pipeline.data import tables
from pipeline.data.gallery import KNOWN
from pipeline.identify.duplicate_identities import find_duplicate_identities
from pipeline.system.errors import UserError

ROW = {"group": 0, "fold": 0, "kind": KNOWN, "weight": 1.0, "ranking": "a b"}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Ensemble `best`: a's photograph is mistaken for b, and b's for a."""
    monkeypatch.chdir(tmp_path)
    ranked = [{"image": f"{name}1.jpg", "truth": name, "cluster": name, **ROW} for name in "ab"]
    tables.write("rankings", pd.DataFrame(ranked), paths.rankings("best"))
    posteriors = [("a1.jpg", "b", 0.4), ("b1.jpg", "a", 0.3)]
    posteriors = pd.DataFrame(posteriors, columns=["query", "identity", "posterior"])
    posteriors.to_parquet(paths.posteriors("best"))
    write_pairs({"query": "a1.jpg", "image": "b2.jpg", "identity": "b", "inliers": 9.0})


def write_pairs(pair: dict, count: int = 1) -> None:
    for fold in range(3):
        paths.matched_pairs(fold).parent.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame([pair] * count if fold == 0 else [], columns=list(pair))
        table.to_parquet(paths.matched_pairs(fold))


def test_both_identities_and_the_photographs_to_look_at(p):
    (found,) = find_duplicate_identities("best", p, 0.2).to_dict("records")
    assert (found["first"], found["second"], found["queries"]) == ("a", "b", 2)
    assert (found["second_for_first"], found["first_for_second"]) == (
        pytest.approx(0.4),
        pytest.approx(0.3),
    )
    assert (found["query"], found["image"], found["inliers"]) == ("a1.jpg", "b2.jpg", 9)


def test_without_matched_points_no_photographs_are_named(p):
    write_pairs({"query": "a1.jpg", "image": "b2.jpg", "identity": "b", "inliers": 9.0}, count=0)
    found = find_duplicate_identities("best", p, 0.2)
    assert len(found) == 1 and found[["query", "image", "inliers"]].isna().all().all()


def test_a_higher_limit_finds_nothing(p):
    assert find_duplicate_identities("best", p, 0.5).empty


def test_an_unknown_ensemble_is_refused(p):
    with pytest.raises(UserError, match="no ensemble bset"):
        find_duplicate_identities("bset", p, 0.2)


def test_a_pipeline_that_has_not_run_is_named(p):
    with pytest.raises(UserError, match="card/posteriors.parquet does not exist: run the pipeline"):
        find_duplicate_identities("card", p, 0.2)
