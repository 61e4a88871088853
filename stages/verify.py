"""Fit on held-out pairs what makes two photographs the same animal, and evaluate it."""

import pandas as pd

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.data.members import Member
from pipeline.steps.verify import pairs, verify
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    groups = artefacts.load_folds().drop_duplicates("image").set_index("image")["group"]
    members = [Member(p.match.backbone, fold) for fold in p.folds.trained]
    known = [
        pairs.build_known_pairs(
            tables.read_parquet(paths.matched_pairs(member.fold)).merge(
                tables.read_parquet(paths.weighted_pairs(member.fold))
            ),
            member.query_rows(),
            groups,
            member.embeddings(),
        )
        for member in members
    ]
    verification = verify.verify(pd.concat(known, ignore_index=True), p.verify, p.evaluation)
    tables.write_json(verification.model.to_dict(), paths.PAIR_MODEL)
    tables.write_json(verification.scores, paths.VERIFY_SCORES)
    tables.write_csv(verification.curve, paths.VERIFY_ROC)
    tables.write_csv(verification.diagram, paths.VERIFY_RELIABILITY)


if __name__ == "__main__":
    run(main)
