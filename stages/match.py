"""Compare the local features of every fold's queries with its gallery's."""

import pandas as pd

from pipeline import params, paths
from pipeline.data import evidence, gallery, tables, viewpoints
from pipeline.data.features import Features
from pipeline.steps.match import match
from pipeline.steps.match.queries import Fold


def main() -> None:
    p = params.load()
    folds = tables.read("folds", paths.FOLDS)
    images = tables.read("images", paths.IMAGES)
    side = viewpoints.read(tables.read("sides", paths.SIDES))
    compared = {
        fold: Fold(
            gallery.gallery_rows(folds, fold),
            gallery.query_rows(folds, images, fold),
            pd.read_parquet(paths.neighbours(p.match.backbone, fold)),
            side,
        )
        for fold in p.folds.trained
    }
    twins = tables.read("twins", paths.TWINS)
    features = Features.load(paths.KEYPOINTS)
    found = match.match(features, compared, twins, p.match, p.keypoints.detector)
    for fold, own in found.items():
        evidence.save(own.evidence, paths.match(fold))
        tables.write_parquet(own.pairs, paths.pairs(fold))
        tables.write_parquet(own.points, paths.points(fold))


if __name__ == "__main__":
    main()
