"""Re-rank the first candidates of one member's queries."""

import sys

from pipeline import params, paths
from pipeline.data import artefacts, evidence
from pipeline.data.members import Member
from pipeline.models import pair_head
from pipeline.steps.rerank import rerank
from pipeline.steps.rerank.small_crops import small_crops


def main(backbone: str, fold: str) -> None:
    p = params.load()
    member = Member(backbone, int(fold))
    settings = p.member_train(backbone)
    siamese = p.rerank.method == "siamese_head"
    head = pair_head.load_pair_head(settings, paths.model(*member)) if siamese else None
    on_crops = p.rerank.method in params.FEW_SHOT and p.rerank.fewshot.input == "crops"
    scores = rerank.rerank(
        member.evidence("neighbours"),
        member.embeddings(),
        member.gallery_rows(),
        member.query_rows(),
        p.rerank,
        p.evaluation.crossfit,
        artefacts.load_viewpoints(),
        head,
        settings.embedding,
        small_crops(paths.CROPS, p.rerank.fewshot.crop_height) if on_crops else None,
    )
    evidence.save(scores, paths.evidence("rerank", *member))


if __name__ == "__main__":
    main(*sys.argv[1:])
