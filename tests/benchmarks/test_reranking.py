"""What of an ensemble a re-ranking benchmark asks; the stages that answer have their own tests."""

import pytest

from benchmarks import reranking
from pipeline import params
from tests.conftest import ROOT


@pytest.fixture
def card() -> params.Ensemble:
    """Scores: reranked or centre, and nearest; votes of local features."""
    recipe = params.load(ROOT / "tests/params.yaml").ensembles["card"]
    return recipe.model_copy(
        update={"scores": ["reranked or centre", "nearest"], "local": {"votes": 1.0}}
    )


def test_without_a_second_look_the_first_score_is_all(card):
    told = reranking.ways(card, "none", "centre")
    assert told["alone"] == {"scores": ["centre"], "local": {}}
    assert told["added"] == {"scores": ["nearest"], "local": {"votes": 1.0}}


@pytest.mark.parametrize(
    "method, score", [("reptile", "reranked or centre"), ("k-reciprocal", "reciprocal or centre")]
)
def test_a_second_look_is_all_or_one_score_more(card, method, score):
    told = reranking.ways(card, method, "centre")
    assert told["alone"] == {"scores": [score], "local": {}}
    assert told["added"] == {"scores": ["nearest", score], "local": {"votes": 1.0}}


def test_every_method_of_the_params_has_its_row():
    """But for none, the base, and the twin, which needs members that were trained as pairs."""
    choices = {"none", "twin", *reranking.METHODS} - {reranking.RECIPROCAL}
    assert choices == set(params.Rerank.model_fields["method"].annotation.__args__)
    assert {one.partition(reranking.ON_CROPS)[0] for one in reranking.LIGHT} < choices
