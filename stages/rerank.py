"""Re-rank the first candidates of one member's queries."""

from functools import partial

from pipeline import params, paths
from pipeline.data import artefacts, evidence, gallery
from pipeline.data.members import Member
from pipeline.models import pair_head
from pipeline.steps.rerank.inputs import RerankInputs
from pipeline.steps.rerank.rerank import rerank
from pipeline.steps.rerank.small_crops import load_small_crops
from pipeline.system.start import run


def main(backbone: str, fold: str) -> None:
    p = params.load()
    member = Member(backbone, int(fold))
    settings = p.member_train(backbone)
    inputs = RerankInputs(
        member.evidence("neighbours"),
        member.embeddings(),
        gallery.gallery_rows(artefacts.load_folds()),
        member.query_rows(),
        artefacts.load_viewpoints(),
        load_head=partial(pair_head.load_pair_head, settings, paths.model(*member)),
        load_crops=partial(load_small_crops, paths.CROPS),
    )
    scores = rerank(inputs, p.rerank, p.evaluation.crossfit)
    evidence.save(scores, paths.evidence("rerank", *member))


if __name__ == "__main__":
    run(main)
