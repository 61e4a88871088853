"""Fit on held-out pairs what makes two photographs the same animal, and evaluate it."""

from pipeline import params, paths
from pipeline.data import tables
from pipeline.evaluation import peers
from pipeline.steps.verify import load, verify
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    backbone, folds = p.match.backbone, p.folds.trained
    verification = verify.verify(load.load_known_pairs(backbone, folds), p.verify, p.evaluation)
    tables.write_json(verification.model.to_dict(), paths.PAIR_MODEL)
    tables.write_json(verification.scores, paths.VERIFY_SCORES)
    tables.write_csv(verification.curve, paths.VERIFY_ROC)
    tables.write_csv(verification.diagram, paths.VERIFY_RELIABILITY)
    held_out = [load.load_labelled_set(backbone, fold) for fold in folds]
    tables.write_json(peers.fit(held_out).to_dict(), paths.PEER_MODEL)
    tables.write_json(peers.measure(held_out), paths.PEER_SCORES)


if __name__ == "__main__":
    run(main)
