import pytest

from tests.pipeline.steps.rerank.synthetic import Member


@pytest.fixture
def member() -> Member:
    return Member()
