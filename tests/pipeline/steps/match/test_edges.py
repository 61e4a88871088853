"""Votes of trailing edges: evidence beside that of points, only of photographs that have edges."""

import pandas as pd
import pytest

from pipeline import params
from pipeline.data.features import Features
from pipeline.steps.match import match
from pipeline.steps.match.queries import Galleries, Query
from tests.conftest import ROOT
from tests.pipeline.data.synthetic_edges import KNOWN, build_features

P = params.load(ROOT / "tests/params.yaml")


def match_edges(features: Features, duplicate: dict[str, list[str]] | None = None) -> pd.DataFrame:
    """The evidence of the second photographs, asked against the first ones."""
    names = [f"w{individual}" for individual in range(KNOWN)]
    gallery = pd.DataFrame({"image": [f"{name}_0.png" for name in names], "identity": names})
    copies = duplicate or {}
    queries = {
        f"{name}_1.png": Query(0, [], copies.get(f"{name}_1.png", []), name) for name in names
    }
    galleries = Galleries(gallery, {0: gallery["image"]}, {})
    return match.match_sets(features, galleries, {0: queries}, P.match, "sift", {})[0].evidence


def edge_votes(evidence: pd.DataFrame) -> pd.DataFrame:
    rows = evidence[evidence["source"] == "edge_votes"]
    return rows.pivot(index="query", columns="identity", values="score").fillna(0.0)


def test_the_right_individual_has_most_votes():
    found = edge_votes(match_edges(build_features()))
    assert found.idxmax(axis=1).tolist() == [f"w{individual}" for individual in range(KNOWN)]


def test_points_give_the_same_evidence_with_and_without_edges():
    with_edges, without = match_edges(build_features()), match_edges(build_features(edges=False))
    assert set(with_edges["source"]) - set(without["source"]) == {"edge_votes"}
    others = with_edges[with_edges["source"] != "edge_votes"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, without, check_dtype=False)


@pytest.mark.parametrize("blank", ["w1_0.png", "w1_1.png"])
def test_a_photograph_without_an_edge_has_no_vote(blank):
    found = edge_votes(match_edges(build_features(blank=blank)))
    if blank == "w1_1.png":
        assert "w1_1.png" not in found.index
    else:
        assert "w1" not in found.columns
    assert found.loc["w2_1.png"].idxmax() == "w2"


def test_a_duplicate_gives_no_vote():
    found = edge_votes(match_edges(build_features(), {"w1_1.png": ["w1_0.png"]}))
    assert found.loc["w1_1.png"].get("w1", 0.0) == 0 and found.loc["w0_1.png", "w0"] > 0
