"""Compare the local features of every fold's queries with its gallery's."""

from pipeline import params, paths
from pipeline.data import artefacts, evidence, tables
from pipeline.data.features import Features
from pipeline.data.members import Member
from pipeline.steps.match import match
from pipeline.steps.match.queries import FoldInput
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    viewpoints = artefacts.load_viewpoints()
    members = [Member(p.match.backbone, fold) for fold in p.folds.trained]
    inputs = {
        member.fold: FoldInput(
            member.gallery_rows(), member.query_rows(), member.nearest(), viewpoints
        )
        for member in members
    }
    features, duplicates = Features.load(paths.KEYPOINTS), artefacts.load_duplicates()
    matches = match.match_folds(features, inputs, duplicates, p.match, p.keypoints.detector)
    for fold, result in matches.items():
        evidence.save(result.evidence, paths.match_evidence(fold))
        tables.write_parquet(result.pairs, paths.matched_pairs(fold))
        tables.write_parquet(result.points, paths.matched_points(fold))


if __name__ == "__main__":
    run(main)
