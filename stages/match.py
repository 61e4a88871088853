"""Compare the local features of all queries with those of their galleries, and with each other."""

from functools import partial

from pipeline import params, paths
from pipeline.data import artefacts
from pipeline.data.members import load_vectors
from pipeline.steps.match import match, peers
from pipeline.steps.match.load import load_inputs
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    given, settings = load_inputs(p.match, p.folds.trained), (p.match, p.keypoints.detector)
    features, galleries, files = given.features, given.galleries, artefacts.load_files()
    for key, found in match.match_sets(features, galleries, given.sets, *settings, files).items():
        found.save(paths.match_evidence(key), paths.matched_pairs(key), paths.matched_points(key))
    embed = partial(load_vectors, [p.match.backbone])
    peer_sets = peers.match_peers(features, given.rows, embed, galleries.viewpoints, *settings)
    for key, found in peer_sets.items():
        found.save_pairs(paths.peer_pairs(key), paths.peer_points(key))


if __name__ == "__main__":
    run(main)
