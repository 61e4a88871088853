from typing import get_args

from pipeline.params import Rerank
from pipeline.steps.rerank.build import RERANKERS, build_reranker
from pipeline.steps.rerank.reranker import Reranker
from tests.pipeline.steps.rerank.synthetic import SECTION


def test_every_method_of_the_params_has_a_reranker():
    methods = set(get_args(Rerank.model_fields["method"].annotation))
    assert set(RERANKERS) == methods - {"none"}


def test_building_a_reranker_loads_nothing(member):
    inputs = member.inputs()
    for method in RERANKERS:
        section = SECTION.model_copy(update={"method": method})
        assert isinstance(build_reranker(inputs, section), Reranker)
