"""What the report of one ensemble reads: the files of earlier stages, each when it is needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.data.features import Canvases
from pipeline.data.gallery import Embeddings
from pipeline.data.held_out_masks import HeldOutMasks
from pipeline.data.members import Member
from pipeline.params import RERANK_SCORES, Ensemble

# what the figures need of tables of earlier stages
CURVE = ["shift", "map5", "new_share"]
HISTORY = ["epoch", "loss"]
LR_RANGE = ["rate", "loss", "smoothed"]
# of the stage `score`: the columns, and those of them that are no numbers
SCORE_COLUMNS = {
    "reliability": (["probability", "frequency", "fraction"], []),
    "class_sizes": (["photographs", "queries", "map5", "top1"], ["photographs"]),
    "outcomes": (["actual", "predicted"], ["actual", "predicted"]),
}


@dataclass(frozen=True)
class Sources:
    """Readers of one ensemble's artefacts.

    ensemble : its name
    members : its members; the map and the attention maps are those of the first one
    scores : the scores that order the candidates before and after re-ranking; the second one is ""
        if the ensemble does not use re-ranking
    unknown : the test photographs that are called new (image), and the number of the unknown
        individual that each one shows (group)
    """

    ensemble: str
    members: list[Member]
    scores: tuple[str, str]
    unknown: pd.DataFrame

    @cached_property
    def folds(self) -> list[int]:
        """The held-out folds of the members, in their order."""
        return list(dict.fromkeys(member.fold for member in self.members))

    @property
    def query_sets(self) -> list[paths.QuerySet]:
        """The sets of queries that `match` and `weigh` keep apart: the folds, and the test."""
        return [*self.folds, paths.TEST]

    @cached_property
    def backbones(self) -> list[str]:
        return list(dict.fromkeys(member.backbone for member in self.members))

    @cached_property
    def images(self) -> pd.DataFrame:
        return artefacts.load_images()

    @cached_property
    def sizes(self) -> pd.DataFrame:
        """The photographs' width and height in pixels, by image name."""
        return self.images.set_index("image")[["width", "height"]]

    @cached_property
    def groups(self) -> pd.DataFrame:
        return artefacts.load_groups()

    @cached_property
    def labels(self) -> pd.DataFrame:
        return artefacts.load_labels()

    @cached_property
    def boxes(self) -> pd.DataFrame:
        return artefacts.load_boxes()

    @cached_property
    def crops(self) -> np.ndarray:
        """The packed crops and masks, n x H x W x 4 uint8, in the order of `boxes`."""
        return tables.open_array(paths.CROPS)

    @cached_property
    def held_out_masks(self) -> HeldOutMasks:
        return HeldOutMasks.load(paths.HELD_OUT_MASKS)

    @cached_property
    def canvases(self) -> Canvases:
        return Canvases.load(paths.KEYPOINTS)

    @cached_property
    def fold_table(self) -> pd.DataFrame:
        return artefacts.load_folds()

    @cached_property
    def embeddings(self) -> Embeddings:
        """The first member's embeddings of all photographs."""
        return self.members[0].embeddings()

    def load_neighbours(self, answers: pd.DataFrame) -> pd.DataFrame:
        """The nearest gallery photographs of all members that show these answers.

        answers : columns query, identity
        """
        files = [paths.neighbours(*member) for member in self.members]
        return load_matching(files, answers, ["query", "identity"], ["image", "similarity"])

    def load_pairs(self, answers: pd.DataFrame) -> pd.DataFrame:
        """The pairs of photographs whose keypoints were compared for these answers."""
        files = [paths.matched_pairs(queries) for queries in self.query_sets]
        columns = ["image", "inliers", "random"]
        return load_matching(files, answers, ["query", "identity"], columns)

    def load_points(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """The matched points of these pairs (columns query, image)."""
        files = [paths.matched_points(queries) for queries in self.query_sets]
        columns = ["query_point", "x", "y", "gallery_x", "gallery_y", "ratio"]
        return load_matching(files, pairs, ["query", "image"], columns)

    def load_rerank_evidence(self) -> Iterator[pd.DataFrame]:
        """The first backbone's evidence with and without re-ranking, one fold's after another's."""
        for fold in self.folds:
            member = Member(self.backbones[0], fold)
            yield pd.concat(member.evidence(stage) for stage in ("neighbours", "rerank"))

    @cached_property
    def rankings(self) -> pd.DataFrame:
        """The answers to the held-out queries, with their truth."""
        return tables.read("rankings", paths.rankings(self.ensemble))

    @cached_property
    def test_rankings(self) -> pd.DataFrame:
        """The answers to the test queries (columns image, ranking: a list of labels)."""
        table = tables.read("test_rankings", paths.test_rankings(self.ensemble))
        return table.assign(ranking=table["ranking"].str.split(" "))

    @cached_property
    def posteriors(self) -> pd.DataFrame:
        """The posterior of every answer, with new_whale placed."""
        return tables.read_parquet(paths.posteriors(self.ensemble))

    @cached_property
    def source_probabilities(self) -> pd.DataFrame:
        """The posteriors by one source alone: rows (query, identity), one column per source."""
        return tables.read_parquet(paths.source_probabilities(self.ensemble)).set_index(
            ["query", "identity"]
        )

    @cached_property
    def score_card(self) -> dict[str, Any]:
        return tables.read_json(paths.score_card(self.ensemble))

    @cached_property
    def threshold_curve(self) -> pd.DataFrame:
        return tables.read_numbers(paths.shift_curve(self.ensemble), CURVE)

    def score_table(self, name: str) -> pd.DataFrame:
        """A table of the stage `score`: reliability, class_sizes or outcomes."""
        return tables.read_numbers(paths.score_table(self.ensemble, name), *SCORE_COLUMNS[name])

    @cached_property
    def histories(self) -> dict[str, pd.DataFrame]:
        """The training history of every member, by its name."""
        return {
            member.name: tables.read_numbers(paths.training_history(*member), HISTORY)
            for member in self.members
        }

    @cached_property
    def training_summaries(self) -> dict[str, dict[str, Any]]:
        """How much every member's training showed, and whether it has converged, by its name."""
        return {member.name: member.training_summary() for member in self.members}

    @cached_property
    def lr_ranges(self) -> dict[str, pd.DataFrame]:
        """The learning-rate range tests of the backbones that have one, by backbone."""
        files = {name: paths.LR_RANGE / f"{name}.csv" for name in self.backbones}
        return {
            name: tables.read_numbers(file, LR_RANGE)
            for name, file in files.items()
            if file.is_file()
        }


def load_matching(
    files: list[Path], wanted: pd.DataFrame, keys: list[str], columns: list[str]
) -> pd.DataFrame:
    """The rows of several tables whose keys `wanted` has, one table in memory at a time."""
    distinct = wanted[keys].drop_duplicates()
    parts = [
        tables.read_parquet(file, [*keys, *columns]).merge(distinct, on=keys) for file in files
    ]
    return pd.concat(parts, ignore_index=True)


def find_reranked_score(recipe: Ensemble) -> str:
    """The score by which the recipe prefers re-ranked candidates; "" if it uses none."""
    preferred = {choices.split(" or ")[0] for choices in recipe.scores}
    return next(iter(sorted(preferred & RERANK_SCORES)), "")
