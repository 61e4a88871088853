"""Compare the local features of all queries with those of their galleries."""

import pandas as pd

from pipeline import params, paths
from pipeline.data import artefacts, evidence, tables
from pipeline.data.features import Features
from pipeline.data.members import Member, load_query_sets
from pipeline.steps.match import match, queries
from pipeline.system.start import run


def main() -> None:
    p, folds = params.load(), artefacts.load_folds()
    rows = load_query_sets(p.folds.trained)
    galleries = queries.build_galleries(
        folds, pd.concat(rows.values()), artefacts.load_viewpoints()
    )
    members = [Member(p.match.backbone, fold) for fold in p.folds.trained]
    nearest = queries.merge_nearest((m.nearest() for m in members), p.match.shortlist)
    duplicates = queries.find_duplicates(artefacts.load_duplicates(), galleries.rows)
    sets = {key: queries.build_queries(own, nearest, duplicates) for key, own in rows.items()}
    features = Features.load(paths.KEYPOINTS)
    files = artefacts.load_files()
    found = match.match_sets(features, galleries, sets, p.match, p.keypoints.detector, files)
    for key, result in found.items():
        evidence.save(result.evidence, paths.match_evidence(key))
        tables.write_parquet(result.pairs, paths.matched_pairs(key))
        tables.write_parquet(result.points, paths.matched_points(key))


if __name__ == "__main__":
    run(main)
