"""Re-rank the first candidates of one member's queries."""

import sys

from pipeline import params, paths
from pipeline.data import evidence, gallery, tables, viewpoints
from pipeline.models import pair_head
from pipeline.steps.rerank import rerank
from pipeline.steps.rerank.small_crops import small_crops


def main(backbone: str, fold: str) -> None:
    p = params.load()
    held_out = int(fold)
    folds = tables.read("folds", paths.FOLDS)
    settings = p.member_train(backbone)
    twin = p.rerank.method == "twin"
    head = pair_head.trained(settings, paths.model(backbone, held_out)) if twin else None
    on_crops = p.rerank.method in params.FEW_SHOT and p.rerank.fewshot.sees == "crops"
    scores = rerank.rerank(
        evidence.load(paths.evidence("neighbours", backbone, held_out)),
        gallery.Embeddings.load(paths.embeddings(backbone, held_out)),
        gallery.gallery_rows(folds, held_out),
        gallery.query_rows(folds, tables.read("images", paths.IMAGES), held_out),
        p.rerank,
        p.evaluation.crossfit,
        viewpoints.read(tables.read("sides", paths.SIDES)),
        head,
        settings.embedding,
        small_crops(paths.CROPS, p.rerank.fewshot.side) if on_crops else None,
    )
    evidence.save(scores, paths.evidence("rerank", backbone, held_out))


if __name__ == "__main__":
    main(*sys.argv[1:])
