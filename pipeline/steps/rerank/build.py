"""The choice of the re-ranker."""

from pipeline.params import FEW_SHOT, Rerank
from pipeline.steps.rerank.few_shot import FewShot
from pipeline.steps.rerank.inputs import RerankInputs
from pipeline.steps.rerank.k_reciprocal import KReciprocal
from pipeline.steps.rerank.prototypes import Prototypes
from pipeline.steps.rerank.reptile import ReptileReranker
from pipeline.steps.rerank.reranker import Reranker
from pipeline.steps.rerank.siamese_head import SiameseHead

RERANKERS: dict[str, type[Reranker]] = {
    "prototypes": Prototypes,
    "k_reciprocal": KReciprocal,
    "reptile": ReptileReranker,
    "siamese_head": SiameseHead,
    **dict.fromkeys(FEW_SHOT, FewShot),
}


def build_reranker(inputs: RerankInputs, params: Rerank) -> Reranker:
    """The re-ranker of `rerank.method`, which is not `none`."""
    return RERANKERS[params.method](inputs, params)
