"""Search the gallery for the neighbours of one member's queries."""

from pipeline import params, paths
from pipeline.data import artefacts, evidence, tables
from pipeline.data.members import Member
from pipeline.evaluation import few_shot_accuracy
from pipeline.steps.neighbours.neighbours import build_table, score_queries
from pipeline.steps.neighbours.search import build_gallery
from pipeline.system.start import run


def main(backbone: str, fold: str) -> None:
    p = params.load()
    member = Member(backbone, int(fold))
    embeddings, queries, rows = member.embeddings(), member.query_rows(), member.gallery_rows()
    gallery = build_gallery(embeddings, rows)
    names, vectors = queries["image"], embeddings.of(queries["image"])
    viewpoint = artefacts.load_viewpoints()
    scores, nearest = score_queries(names, vectors, gallery, p.neighbours, member.name, viewpoint)
    tables.write_parquet(build_table(names, gallery, nearest), paths.neighbours(*member))
    evidence.save(scores, paths.evidence("neighbours", *member))
    accuracies = few_shot_accuracy.compute_accuracies(embeddings, rows, queries, p.evaluation.seed)
    tables.write_json(accuracies, paths.few_shot_accuracy(*member))


if __name__ == "__main__":
    run(main)
