"""Matches in shards are, byte for byte, those of the stage that is not split."""

import pandas as pd
import pytest

from pipeline import paths
from stages import keypoints, match
from stages.shards import match as match_shards
from tests.stages.shards.projects import (
    embed_animals,
    run_in_shards,
    take_files,
    write_params,
)


@pytest.fixture
def embedded(animals, monkeypatch):
    """What `match` reads."""
    monkeypatch.setattr(match_shards, "LEAST", 1)
    keypoints.main()
    embed_animals(animals)


@pytest.mark.parametrize("peers", [True, False])
def test_matches_in_shards(embedded, project, peers):
    """Two folds of eight and a test of four, in fives; with the peers one more."""
    write_params(project, match={"peers": peers})
    match.main()
    found = pd.read_parquet(paths.match_evidence(0))
    assert {"votes", "consistent_votes", "inliers"} <= set(found["source"])
    whole = take_files(paths.WORK / "match")
    assert len(whole) == 15
    assert run_in_shards(match_shards, project / "shards") == 2 + 2 + 1 + peers
    joined = take_files(paths.WORK / "match")
    assert set(joined) == set(whole)
    assert [name for name in whole if joined[name] != whole[name]] == []


def test_without_features_there_is_nothing_to_split(embedded, project):
    write_params(project, keypoints={"enabled": False})
    keypoints.main()
    assert run_in_shards(match_shards, project / "shards") == 0
