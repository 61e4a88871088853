"""Search the gallery for the neighbours of one member's queries."""

import sys

from pipeline import params, paths
from pipeline.data import evidence, gallery, tables, viewpoints
from pipeline.evaluation import few_shot_accuracy
from pipeline.steps.neighbours import neighbours, search


def main(backbone: str, fold: str) -> None:
    p = params.load()
    held_out = int(fold)
    folds = tables.read("folds", paths.FOLDS)
    asked = gallery.query_rows(folds, tables.read("images", paths.IMAGES), held_out)
    queries = asked["image"]
    embeddings = gallery.Embeddings.load(paths.embeddings(backbone, held_out))
    rows = gallery.gallery_rows(folds, held_out)
    shown = search.gallery_of(embeddings, rows)
    member = paths.member(backbone, held_out)
    side = viewpoints.read(tables.read("sides", paths.SIDES))
    vectors = embeddings.of(queries)
    scores, found = neighbours.score(queries, vectors, shown, p.neighbours, member, side)
    nearest = neighbours.table(queries, shown, found)
    path = paths.neighbours(backbone, held_out)
    tables.write_parquet(nearest, path)
    evidence.save(scores, paths.evidence("neighbours", backbone, held_out))
    accuracies = few_shot_accuracy.accuracies(embeddings, rows, asked, p.evaluation.seed)
    tables.write_json(accuracies, paths.shots(backbone, held_out))


if __name__ == "__main__":
    main(*sys.argv[1:])
