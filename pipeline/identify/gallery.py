"""What a new photograph is compared with: the stored galleries and the enrolled photographs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import faiss
import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import artefacts
from pipeline.data.enrolled_photo import Enrolled
from pipeline.data.features import Features
from pipeline.data.gallery import Embeddings
from pipeline.data.members import Member
from pipeline.identify import stored_index
from pipeline.identify.enrolled import add_enrolled_features, add_enrolled_rows
from pipeline.params import RERANK_SCORES, Ensemble, Params
from pipeline.steps.ensemble.assemble import FoldEvidence, select_tests, stack_held_out
from pipeline.steps.ensemble.blend import Blend
from pipeline.steps.ensemble.load import load_fold_evidence
from pipeline.steps.match import by_number, edges
from pipeline.steps.match import index as feature_index
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.queries import Galleries, merge_galleries
from pipeline.steps.neighbours import search
from pipeline.system.errors import OTHER_SETTINGS, UserError


@dataclass(frozen=True)
class LocalGallery:
    """The photographs that local features are compared with.

    matcher: of all galleries and the enrolled photographs; edge_matcher: of their trailing edges,
    None without any
    """

    matcher: Matcher
    edge_matcher: Matcher | None


@dataclass
class Kept:
    """What is the same for all photographs that repeat no labelled one, made with the first.

    galleries: of all that is labelled, by the member's fold; blend: fitted on all held-out queries
    """

    galleries: dict[int, search.Gallery] = field(default_factory=dict)
    blend: Blend | None = None


@dataclass(frozen=True)
class Gallery:
    """What the members of one backbone compare a photograph with.

    folds: the table "folds", enrolled photographs among its rows in fold -1; embeddings: of the
    galleries' photographs, by fold; held_out, tests: the ensemble's evidence on the held-out
    queries, and on the test's by fold; viewpoint: of each photograph if known; features: of every
    photograph; local: None if the ensemble has no local scores; files: of photographs, by name;
    kept: from one photograph to the next, None if there is only one
    """

    folds: pd.DataFrame
    embeddings: dict[int, Embeddings]
    held_out: FoldEvidence
    tests: list[FoldEvidence]
    viewpoint: dict[str, str]
    features: Features
    local: LocalGallery | None
    files: Mapping[str, str] = field(default_factory=dict)
    kept: Kept | None = None

    def kept_for(self, groups: Collection[int]) -> Kept | None:
        """What a photograph shares with others; None if it repeats a labelled one.

        groups : its duplicate groups in the competition

        A labelled one is in the galleries, with which its repeat is not compared, and may be among
        the queries that the blend was fitted on.
        """
        return None if self.folds["group"].isin(list(groups)).any() else self.kept


def load_gallery(recipe: Ensemble, enrolled: dict[str, Enrolled], p: Params) -> Gallery:
    """Load the stored galleries, with the enrolled photographs added (by name).

    Raises UserError if a stage has not run, or the recipe needs re-ranked scores.
    """
    folds = artefacts.load_folds()
    parts = load_evidence(recipe, folds, p)
    features = add_enrolled_features(Features.load(paths.KEYPOINTS), enrolled)
    viewpoint = artefacts.load_viewpoints()
    local = None
    if recipe.local_scores():
        local = build_local_gallery(features, folds, enrolled, viewpoint, p)
    return Gallery(
        folds=add_enrolled_rows(folds, enrolled),
        embeddings={f: load_embeddings(f, enrolled, p) for f in recipe.fold_list(p.folds.trained)},
        held_out=stack_held_out(parts),
        tests=select_tests(parts),
        viewpoint=viewpoint,
        features=features,
        local=local,
        files=find_files(enrolled),
        kept=Kept(),
    )


def find_files(enrolled: dict[str, Enrolled]) -> dict[str, str]:
    """The file of each photograph of the competition, and of each enrolled one, by name."""
    copies = {name: str(paths.ENROLLED / photograph.copy) for name, photograph in enrolled.items()}
    return artefacts.load_files() | copies


def load_evidence(recipe: Ensemble, folds: pd.DataFrame, p: Params) -> list[FoldEvidence]:
    """Load each fold's evidence on its queries, without re-ranking: new photographs have none."""
    try:
        return load_fold_evidence(recipe, p.folds.trained, folds, ("neighbours",))
    except UserError:  # a file is missing or damaged
        raise
    except ValueError as error:
        needed = any(set(score.split(" or ")) <= RERANK_SCORES for score in recipe.scores)
        no_reranking = "identify does not re-rank: choose another --ensemble"
        raise UserError(f"{error}. {no_reranking if needed else OTHER_SETTINGS}") from None


def load_embeddings(fold: int, enrolled: dict[str, Enrolled], p: Params) -> Embeddings:
    """Load one member's embeddings of all photographs, the enrolled ones added."""
    stored = Member(p.match.backbone, fold).embeddings()
    if not enrolled:
        return stored
    member = p.folds.trained.index(fold)
    added = np.stack([photograph.vectors[member] for photograph in enrolled.values()])
    check_lengths(stored, added, fold, p)
    return Embeddings(
        np.append(stored.names, list(enrolled)), np.concatenate([stored.vectors, added])
    )


def check_lengths(stored: Embeddings, vectors: np.ndarray, fold: int, p: Params) -> None:
    """Raise UserError unless vectors (n x d) are as long as a member's stored ones."""
    if stored.vectors.shape[1] != vectors.shape[1]:
        raise UserError(
            f"{paths.embeddings(p.match.backbone, fold)} has vectors of {stored.vectors.shape[1]} "
            f"numbers, and params.yaml makes {vectors.shape[1]}: {OTHER_SETTINGS}"
        )


def build_local_gallery(
    features: Features,
    folds: pd.DataFrame,
    enrolled: dict[str, Enrolled],
    viewpoint: Mapping[str, str],
    p: Params,
) -> LocalGallery:
    """Join all galleries and the enrolled photographs, and index their local features.

    features : of the competition's photographs and, after them, of the enrolled ones
    viewpoint : of each photograph if known
    """
    rows = merge_galleries(folds)[["image", "identity"]]
    identities = [photograph.identity for photograph in enrolled.values()]
    added = pd.DataFrame({"image": list(enrolled), "identity": identities})
    everything = pd.concat([rows, added], ignore_index=True)
    galleries = Galleries(everything, {}, viewpoint)
    index = load_index(features, rows["image"], added["image"], paths.FEATURE_INDEX, p)
    edge_index = None
    if len(features.edges):
        edges_of = features.edge_features()
        edge_index = load_index(edges_of, rows["image"], added["image"], paths.EDGE_INDEX, p)
    return LocalGallery(
        Matcher(features, galleries, p.match, p.keypoints.detector, index),
        edges.build_matcher(features, galleries, p.match, edge_index),
    )


def load_index(
    features: Features, images: pd.Series, added: pd.Series, folder: Path, p: Params
) -> faiss.Index:
    """The kept index of these images' features, and of those of the photographs `added`."""
    index = stored_index.load_or_build(features, images, p.match, folder)
    numbers = by_number.locate(by_number.number_photographs(features), added)
    rows = by_number.list_rows(features, numbers)
    return feature_index.extend(index, features.descriptors, rows)
