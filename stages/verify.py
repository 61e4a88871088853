"""Learn from held-out pairs what makes two photographs the same animal."""

import pandas as pd

from pipeline import params, paths
from pipeline.data import gallery, tables
from pipeline.data.gallery import Embeddings
from pipeline.steps.verify import pairs, verify


def main() -> None:
    p = params.load()
    folds = tables.read("folds", paths.FOLDS)
    images = tables.read("images", paths.IMAGES)
    known = [
        pairs.known_pairs(
            pd.read_parquet(paths.pairs(fold)).merge(pd.read_parquet(paths.weighed_pairs(fold))),
            gallery.query_rows(folds, images, fold),
            folds.drop_duplicates("image").set_index("image")["group"],
            Embeddings.load(paths.embeddings(p.match.backbone, fold)),
        )
        for fold in p.folds.trained
    ]
    found = verify.verify(pd.concat(known, ignore_index=True), p.evaluation)
    tables.write_json(found.judge.to_dict(), paths.JUDGE)
    tables.write_json(found.scores, paths.VERIFIED)
    tables.write_csv(found.curve, paths.ROC)
    tables.write_csv(found.diagram, paths.VERIFY_RELIABILITY)


if __name__ == "__main__":
    main()
