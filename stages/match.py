"""Compare the local features of every fold's queries with its gallery's."""

import pandas as pd

from pipeline import params, paths
from pipeline.data import evidence, gallery, tables, viewpoints
from pipeline.data.features import Features
from pipeline.steps.match import match
from pipeline.steps.match.queries import FoldInput


def main() -> None:
    p = params.load()
    folds = tables.read("folds", paths.FOLDS)
    images = tables.read("images", paths.IMAGES)
    viewpoint = viewpoints.read(tables.read("sides", paths.SIDES))
    inputs = {
        fold: FoldInput(
            gallery.gallery_rows(folds, fold),
            gallery.query_rows(folds, images, fold),
            pd.read_parquet(paths.neighbours(p.match.backbone, fold)),
            viewpoint,
        )
        for fold in p.folds.trained
    }
    duplicates = tables.read("twins", paths.TWINS)
    features = Features.load(paths.KEYPOINTS)
    matches = match.match_folds(features, inputs, duplicates, p.match, p.keypoints.detector)
    for fold, result in matches.items():
        evidence.save(result.evidence, paths.match(fold))
        tables.write_parquet(result.pairs, paths.pairs(fold))
        tables.write_parquet(result.points, paths.points(fold))


if __name__ == "__main__":
    main()
