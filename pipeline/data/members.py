"""Members of an ensemble, and readers of what the stages wrote for one member or one fold."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, evidence, gallery, tables
from pipeline.data.gallery import Embeddings
from pipeline.params import Ensemble


class Member(NamedTuple):
    """One backbone trained with one fold held out.

    A member unpacks into the arguments of the functions of `paths`: `paths.model(*member)`.
    """

    backbone: str
    fold: int

    @property
    def name(self) -> str:
        """The member's name in the evidence, such as lite0-2."""
        return paths.member_name(*self)

    def query_rows(self) -> pd.DataFrame:
        """The member's held-out queries, then the test's (`gallery.query_rows`)."""
        return load_query_rows(self.fold)

    def embeddings(self) -> Embeddings:
        """The member's embeddings of all photographs."""
        return Embeddings.load(paths.embeddings(*self))

    def nearest(self) -> pd.DataFrame:
        """The nearest gallery photographs of every query, as `neighbours` found them."""
        return tables.read_parquet(paths.neighbours(*self))

    def evidence(self, stage: str) -> pd.DataFrame:
        """The evidence that `stage` (neighbours, rerank) wrote for the member."""
        return evidence.load(paths.evidence(stage, *self))

    def training_summary(self) -> dict[str, Any]:
        """How much the member's training showed, and whether it has converged."""
        return tables.read_json(paths.training_summary(*self))

    def few_shot_accuracy(self) -> dict[str, float | None]:
        """The member's N-way K-shot accuracies with their intervals, by name."""
        return tables.read_json(paths.few_shot_accuracy(*self))


def list_members(recipe: Ensemble, trained: list[int]) -> list[Member]:
    """The members that take part in an ensemble: for every active backbone, every fold.

    trained : the folds that are held out in turn (`folds.trained`)
    """
    folds = recipe.fold_list(trained)
    return [Member(backbone, fold) for backbone in recipe.active_backbones() for fold in folds]


def load_vectors(
    backbones: Sequence[str], folds: Sequence[int], images: Sequence[str] | pd.Series
) -> np.ndarray:
    """n x (m d) unit vectors of n images by m members, whose cosine is the members' mean one."""
    vectors = [
        Member(backbone, fold).embeddings().of(pd.Series(images))
        for backbone in backbones
        for fold in folds
    ]
    return np.concatenate(vectors, axis=1) / len(vectors) ** 0.5


def load_query_rows(fold: int) -> pd.DataFrame:
    """The queries of the members with this fold held out (`gallery.query_rows`)."""
    return gallery.query_rows(artefacts.load_folds(), artefacts.load_images(), fold)


def load_query_sets(folds: list[int]) -> dict[paths.QuerySet, pd.DataFrame]:
    """The held-out queries by fold, and the test's, which all members share, as paths.TEST."""
    table = artefacts.load_folds()
    sets: dict[paths.QuerySet, pd.DataFrame] = {
        fold: gallery.held_out_rows(table, [fold]) for fold in folds
    }
    return sets | {paths.TEST: gallery.test_rows(artefacts.load_images())}
