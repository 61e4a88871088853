"""Compare the local features of one fold's queries with its gallery's."""

import sys

import pandas as pd

from pipeline import evidence, gallery, params, paths, tables
from pipeline.features import Features
from pipeline.match import match


def main(fold: str) -> None:
    p = params.load()
    held_out = int(fold)
    folds = tables.read("folds", paths.FOLDS)
    found, pairs = match.match(
        Features.load(paths.KEYPOINTS),
        gallery.gallery_rows(folds, held_out),
        gallery.query_rows(folds, tables.read("images", paths.IMAGES), held_out),
        pd.read_parquet(paths.neighbours(p.match.backbone, held_out)),
        tables.read("twins", paths.TWINS),
        p.match,
        p.keypoints.detector,
    )
    evidence.save(found, paths.match(held_out))
    tables.replace(paths.pairs(held_out), lambda part: pairs.to_parquet(part, index=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
