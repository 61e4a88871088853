"""The learners of `rerank.method`: untaught, and that teaching helps."""

import numpy as np
import pytest

from pipeline import params
from pipeline.gallery import KNOWN
from tests.pipeline.rerank.test_rerank import SECTION, Member, column, run

TAUGHT = SECTION.fewshot.model_copy(update={"steps": 150, "rate": 5e-3, "hidden": 16})


@pytest.fixture
def member() -> Member:
    return Member()


@pytest.mark.parametrize("method", params.FEW_SHOT)
def test_unknown_queries_teach_nothing(member, method):
    """Without a held-out query of a known individual nothing is learned, and all is answered."""
    member.queries["kind"] = "test"
    member.queries["fold"] = -1
    found = column(run(member, method=method), method)
    assert len(found) and np.isfinite(found).all()


@pytest.mark.parametrize("method", ["cosine", "matching", "siamese"])
def test_teaching_helps_where_the_first_score_is_weak(member, method):
    member.scores = member.scores * 0.05 + np.random.default_rng(5).normal(size=member.scores.shape)
    truth = member.queries.set_index("image")["truth"]
    known = member.queries["image"][member.queries["kind"] == KNOWN]

    def right(source: str) -> float:
        table = run(member, method=method, top=10, fewshot=TAUGHT)
        scores = column(table, source).unstack().loc[known]
        return float((scores.idxmax(axis=1) == truth[known]).mean())

    first = column(member.found(), SECTION.first).unstack().loc[known]
    before = float((first.idxmax(axis=1) == truth[known]).mean())
    assert right("reranked") > before + 0.2
