"""Search the galleries for the neighbours of one member's queries."""

from pipeline import params, paths
from pipeline.data import artefacts, evidence, gallery, tables
from pipeline.data.members import Member
from pipeline.evaluation import few_shot_accuracy
from pipeline.steps.neighbours.neighbours import score_member
from pipeline.system.start import run


def main(backbone: str, fold: str) -> None:
    p = params.load()
    member, folds = Member(backbone, int(fold)), artefacts.load_folds()
    embeddings, queries, viewpoint = (
        member.embeddings(),
        member.query_rows(),
        artefacts.load_viewpoints(),
    )
    scores, nearest = score_member(queries, folds, embeddings, p.neighbours, member.name, viewpoint)
    tables.write_parquet(nearest, paths.neighbours(*member))
    evidence.save(scores, paths.evidence("neighbours", *member))
    trained = gallery.trained_gallery_rows(folds, member.fold)
    accuracies = few_shot_accuracy.compute_accuracies(
        embeddings, trained, queries, p.evaluation.seed
    )
    tables.write_json(accuracies, paths.few_shot_accuracy(*member))


if __name__ == "__main__":
    run(main)
