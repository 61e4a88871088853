"""The test's evidence without the photographs of a fold: for labels that its members train on.

The stages compare the test with everything that is labelled. A label from that evidence would
tell the members of a fold what their held-out photographs show.
"""

from dataclasses import replace

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, gallery
from pipeline.data.evidence import LOCAL
from pipeline.data.features import Features
from pipeline.data.members import Member
from pipeline.params import Params
from pipeline.paths import QuerySet
from pipeline.steps.ensemble.assemble import FoldEvidence, assemble_fold
from pipeline.steps.match import match, queries
from pipeline.steps.match.matches import Matches
from pipeline.steps.neighbours.neighbours import score_member


def score_blindly(folds: list[int], sources: dict[str, list[str]], p: Params) -> list[FoldEvidence]:
    """The test's evidence of each of the `folds`, whose photographs are not in the gallery.

    sources : by backbone, and under LOCAL of local features (`assemble.choose_sources`)
    """
    tests = gallery.test_rows(artefacts.load_images())
    galleries = {fold: leave_out(fold) for fold in folds}
    backbones = [name for name in sources if name != LOCAL]
    searched = {*backbones, p.match.backbone} if LOCAL in sources else backbones
    found = {
        fold: {name: search(Member(name, fold), tests, rows, p) for name in searched}
        for fold, rows in galleries.items()
    }
    tables = {fold: {name: own[name][0] for name in backbones} for fold, own in found.items()}
    if LOCAL in sources:
        neighbours = {fold: own[p.match.backbone][1] for fold, own in found.items()}
        for fold, matched in match_blindly(tests, galleries, neighbours, p).items():
            tables[int(fold)][LOCAL] = matched.evidence
    return [assemble_fold(fold, tables[fold], sources, tests) for fold in galleries]


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
    tests: pd.DataFrame,
    galleries: dict[int, pd.DataFrame],
    neighbours: dict[int, pd.DataFrame],
    p: Params,
) -> dict[QuerySet, Matches]:
    """Match the test with each of the `galleries` (tables "folds"), by fold.

    neighbours : the test's by embedding (`search`), by fold
    """
    duplicates = artefacts.load_duplicates()
    sets: dict[QuerySet, dict[str, queries.Query]] = {}
    images: dict[int, pd.Series] = {}
    for fold, folds in galleries.items():
        rows = gallery.gallery_rows(folds)
        nearest = queries.merge_nearest([neighbours[fold]], p.match.shortlist)
        built = queries.build_queries(tests, nearest, queries.find_duplicates(duplicates, rows))
        sets[fold] = {name: replace(query, gallery=fold) for name, query in built.items()}
        images[fold] = rows["image"]
    everything = queries.merge_galleries(artefacts.load_folds())
    all_galleries = queries.Galleries(everything, images, artefacts.load_viewpoints())
    features, detector = Features.load(paths.KEYPOINTS), p.keypoints.detector
    files = artefacts.load_files()
    return match.match_sets(features, all_galleries, sets, p.match, detector, files)
