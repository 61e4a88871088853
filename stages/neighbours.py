"""Search the gallery for the neighbours of one member's queries."""

import sys

from pipeline import params, paths
from pipeline.data import artefacts, evidence, tables
from pipeline.data.members import Member
from pipeline.evaluation import few_shot_accuracy
from pipeline.steps.neighbours import neighbours, search


def main(backbone: str, fold: str) -> None:
    p = params.load()
    member = Member(backbone, int(fold))
    embeddings, queries, rows = member.embeddings(), member.query_rows(), member.gallery_rows()
    gallery = search.gallery_of(embeddings, rows)
    names, vectors = queries["image"], embeddings.of(queries["image"])
    viewpoints = artefacts.load_viewpoints()
    scores, found = neighbours.score(names, vectors, gallery, p.neighbours, member.name, viewpoints)
    tables.write_parquet(neighbours.table(names, gallery, found), paths.neighbours(*member))
    evidence.save(scores, paths.evidence("neighbours", *member))
    accuracies = few_shot_accuracy.compute_accuracies(embeddings, rows, queries, p.evaluation.seed)
    tables.write_json(accuracies, paths.few_shot_accuracy(*member))


if __name__ == "__main__":
    main(*sys.argv[1:])
