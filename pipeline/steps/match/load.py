"""What `match` reads: queries, their galleries, and the local features of all photographs."""

from dataclasses import dataclass

import pandas as pd

from pipeline import paths
from pipeline.data import artefacts
from pipeline.data.features import Features
from pipeline.data.members import Member, load_query_sets
from pipeline.params import Match
from pipeline.paths import QuerySet
from pipeline.steps.match import queries
from pipeline.steps.match.queries import Galleries, Query


@dataclass(frozen=True)
class Inputs:
    """By fold, and of the test: the rows of queries, and what each is compared with, by name."""

    rows: dict[QuerySet, pd.DataFrame]
    sets: dict[QuerySet, dict[str, Query]]
    galleries: Galleries
    features: Features


def load_inputs(params: Match, trained: list[int]) -> Inputs:
    """Load what the stages before `match` have written.

    trained : the folds that are held out in turn (`folds.trained`)
    """
    rows = load_query_sets(trained)
    galleries = load_galleries(pd.concat(rows.values()))
    members = [Member(params.backbone, fold) for fold in trained]
    nearest = queries.merge_nearest((m.nearest() for m in members), params.shortlist)
    duplicates = queries.find_duplicates(artefacts.load_duplicates(), galleries.rows)
    sets = {key: queries.build_queries(own, nearest, duplicates) for key, own in rows.items()}
    return Inputs(rows, sets, galleries, Features.load(paths.KEYPOINTS))


def load_galleries(rows: pd.DataFrame) -> Galleries:
    """The galleries of queries (columns fold, part)."""
    return queries.build_galleries(artefacts.load_folds(), rows, artefacts.load_viewpoints())
