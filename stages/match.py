"""Compare the local features of all queries with those of their galleries, and with each other."""

from functools import partial

import pandas as pd

from pipeline import params, paths
from pipeline.data import artefacts, evidence
from pipeline.data.features import Features
from pipeline.data.members import Member, load_query_sets, load_vectors
from pipeline.steps.match import match, peers, queries
from pipeline.system.start import run


def main() -> None:
    p, folds, viewpoints = params.load(), artefacts.load_folds(), artefacts.load_viewpoints()
    rows = load_query_sets(p.folds.trained)
    galleries = queries.build_galleries(folds, pd.concat(rows.values()), viewpoints)
    members = [Member(p.match.backbone, fold) for fold in p.folds.trained]
    nearest = queries.merge_nearest((m.nearest() for m in members), p.match.shortlist)
    duplicates = queries.find_duplicates(artefacts.load_duplicates(), galleries.rows)
    sets = {key: queries.build_queries(own, nearest, duplicates) for key, own in rows.items()}
    features, settings = Features.load(paths.KEYPOINTS), (p.match, p.keypoints.detector)
    found = match.match_sets(features, galleries, sets, *settings, artefacts.load_files())
    for key, result in found.items():
        evidence.save(result.evidence, paths.match_evidence(key))
        result.save_pairs(paths.matched_pairs(key), paths.matched_points(key))
    embed = partial(load_vectors, [p.match.backbone])
    for key, result in peers.match_peers(features, rows, embed, viewpoints, *settings).items():
        result.save_pairs(paths.peer_pairs(key), paths.peer_points(key))


if __name__ == "__main__":
    run(main)
