"""The test's evidence without the photographs of a fold: for labels that its members train on.

The stages compare the test with everything that is labelled. A label from that evidence would
tell the members of a fold what their held-out photographs show.
"""

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, gallery
from pipeline.data.evidence import LOCAL
from pipeline.data.features import Features
from pipeline.data.members import Member
from pipeline.params import Params
from pipeline.steps.ensemble.assemble import FoldEvidence, assemble_fold
from pipeline.steps.match import match, queries
from pipeline.steps.neighbours.neighbours import score_member


def score_blindly(folds: list[int], sources: dict[str, list[str]], p: Params) -> list[FoldEvidence]:
    """The test's evidence of each of the `folds`, whose photographs are not in the gallery.

    sources : by backbone, and under LOCAL of local features (`assemble.choose_sources`)
    """
    tests = gallery.test_rows(artefacts.load_images())
    galleries = {fold: leave_out(fold) for fold in folds}
    tables: dict[int, dict[str, pd.DataFrame]] = {
        fold: {
            backbone: search(Member(backbone, fold), tests, rows, p)[0]
            for backbone in sources
            if backbone != LOCAL
        }
        for fold, rows in galleries.items()
    }
    if LOCAL in sources:
        for fold, matched in match_blindly(tests, galleries, p).items():
            tables[int(fold)][LOCAL] = matched.evidence
    return [
        assemble_fold(fold, tables[fold], sources, tests, rows) for fold, rows in galleries.items()
    ]


def leave_out(fold: int) -> pd.DataFrame:
    """The table "folds" without the rows of a fold."""
    folds = artefacts.load_folds()
    return folds[folds["fold"] != fold].reset_index(drop=True)


def search(
    member: Member, tests: pd.DataFrame, folds: pd.DataFrame, p: Params
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The evidence and the neighbours of the test by a member's embeddings."""
    viewpoints = artefacts.load_viewpoints()
    embeddings = member.embeddings()
    return score_member(tests, folds, embeddings, p.neighbours, member.name, viewpoints)


def match_blindly(
    tests: pd.DataFrame, galleries: dict[int, pd.DataFrame], p: Params
) -> dict[match.Key, match.Matches]:
    """Match the test with each of the `galleries` (tables "folds"), by fold."""
    rows = queries.merge_galleries(artefacts.load_folds())
    duplicates = queries.find_duplicates(artefacts.load_duplicates(), rows)
    sets: dict[match.Key, dict[str, queries.Query]] = {}
    for fold, folds in galleries.items():
        _, neighbours = search(Member(p.match.backbone, fold), tests, folds, p)
        nearest = queries.merge_nearest([neighbours], p.match.shortlist)
        own = set(gallery.gallery_rows(folds)["image"])
        sets[fold] = {
            image: queries.Query(
                fold,
                nearest.get(image, []),
                [copy for copy in duplicates.get(image, []) if copy in own],
                None,
            )
            for image in tests["image"]
        }
    images = {fold: gallery.gallery_rows(folds)["image"] for fold, folds in galleries.items()}
    all_galleries = queries.Galleries(rows, images, artefacts.load_viewpoints())
    features, detector = Features.load(paths.KEYPOINTS), p.keypoints.detector
    return match.match_sets(features, all_galleries, sets, p.match, detector)
