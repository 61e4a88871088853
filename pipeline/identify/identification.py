"""Identify the individual on a photograph, if it is a known one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import features
from pipeline.data.enrolled_photo import Enrolled, load_enrolled
from pipeline.data.features import Features
from pipeline.identify.answer import Answer, answer
from pipeline.identify.comparison import QUERY, Query
from pipeline.identify.eligibility import (
    check_members,
    duplicate_groups,
    members_for_photograph,
    point_weights_for,
)
from pipeline.identify.enrolled import refresh_enrolled
from pipeline.identify.ensembles import default_ensemble
from pipeline.identify.gallery import Gallery, check_lengths, load_gallery
from pipeline.identify.matched_pair import MatchedPair, match_pair
from pipeline.identify.photograph import Extractor, read_images
from pipeline.identify.stored_tables import StoredTables
from pipeline.params import Ensemble, Params
from pipeline.steps.match.by_number import locate, number_photographs
from pipeline.system.errors import UserError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Identification:
    """The answer to one photograph.

    table: one row per answer, the likeliest first, with columns identity, probability, and image,
    similarity, points of the gallery photograph that argues most for it (missing if none was
    compared); best: the photograph beside the one that argues for the likeliest known identity
    that was compared, or None without matched points
    """

    table: pd.DataFrame
    best: MatchedPair | None


def identify(
    photograph: Path,
    p: Params,
    ensemble: str | None = None,
    prior: float | None = None,
    viewpoint: str | None = None,
) -> Identification:
    """Identify the individual on one photograph; see `Identifier`, which is for several.

    viewpoint : the side of the animal that is seen, as in viewpoints.csv
    """
    return Identifier(p, ensemble, prior).identify(photograph, viewpoint)


class Identifier:
    """Answers photographs by an ensemble's scores and blend; nothing is trained or re-ranked.

    Of the ensemble's backbones only match.backbone is used. Photographs are compared with the
    competition's labelled ones and the enrolled ones, which are loaded for the first and kept.

    ensemble : a name of params.yaml; unless given, identify.ensemble
    prior : the probability of a new individual before the comparison; unless given,
        evaluation.new_whale_prior

    Raises UserError if the pipeline has not run.
    """

    def __init__(self, p: Params, ensemble: str | None = None, prior: float | None = None) -> None:
        self.p = with_prior(p, prior)
        self.recipe = choose_recipe(ensemble, self.p)
        check_members(self.p)
        self.tables = StoredTables()
        self.extractor = Extractor(self.p, self.tables)
        self.loaded: dict[str, tuple[Gallery, dict[str, Enrolled]]] = {}

    def identify(self, photograph: Path, viewpoint: str | None = None) -> Identification:
        """Answer one photograph; raises UserError if every member was trained on it.

        viewpoint : the side of the animal that is seen, as in viewpoints.csv
        """
        p = self.p
        images = read_images([photograph])
        digest = images["sha256"][0]
        folds = members_for_photograph(digest, self.recipe.fold_list(p.folds.trained), self.tables)
        stored, enrolled = self.load(digest)
        known = stored.viewpoint
        stored = replace(
            stored,
            viewpoint=known | find_viewpoint(digest, viewpoint, known, self.tables),
            files={**stored.files, QUERY: str(photograph)},
        )
        extracted = self.extractor.extract(images, folds)
        for fold, vectors in zip(folds, extracted.embeddings, strict=True):
            check_lengths(stored.embeddings[fold], vectors, fold, p)
        embeddings = dict(zip(folds, extracted.embeddings[:, 0], strict=True))
        query = build_query(embeddings, extracted.features, digest, self.tables)
        table = tabulate(answer(query, stored, self.recipe, p.match.backbone, p))
        if table["image"].isna().all():
            logger.warning(
                "%s: the gallery has no photograph of this viewpoint, so that nothing is compared "
                "and new_whale alone is left: this is no evidence of a new individual",
                photograph,
            )
        find_row = partial(gallery_image, enrolled=enrolled, tables=self.tables)
        best = match_best(images, extracted.features, table, stored, find_row, p)
        return Identification(table, best)

    def load(self, digest: str) -> tuple[Gallery, dict[str, Enrolled]]:
        """The gallery and the enrolled photographs, without the photograph itself.

        digest : its SHA-256
        """
        stored = load_enrolled(paths.ENROLLED)
        without = digest if any(one.sha256 == digest for one in stored) else ""
        if without not in self.loaded:
            enrolled = refresh_enrolled(stored, digest, self.p)
            self.loaded = {without: (load_gallery(self.recipe, enrolled, self.p), enrolled)}
        return self.loaded[without]


def with_prior(p: Params, prior: float | None) -> Params:
    """The settings with another prior of new individuals, if one is given."""
    if prior is None:
        return p
    evaluation = p.evaluation.model_copy(update={"new_whale_prior": prior})
    return p.model_copy(update={"evaluation": evaluation})


def choose_recipe(name: str | None, p: Params) -> Ensemble:
    """The ensemble, by default identify.ensemble, with the scores of match.backbone only.

    Raises UserError for an unknown name, and for an ensemble without that backbone.
    """
    name = name or default_ensemble(p)
    if name not in p.ensembles:
        raise UserError(f"no ensemble {name!r}: choose one of --ensemble {list(p.ensembles)}")
    recipe, backbone = p.ensembles[name], p.match.backbone
    if backbone not in recipe.active_backbones():
        raise UserError(
            f"{name} uses {recipe.active_backbones()}, and identify embeds with {backbone} "
            "(match.backbone): choose another --ensemble"
        )
    if others := [other for other in recipe.active_backbones() if other != backbone]:
        logger.info("of %s's backbones only %s is used, not %s", name, backbone, others)
    return recipe.model_copy(update={"backbones": {backbone: recipe.backbones[backbone]}})


def build_query(
    embeddings: dict[int, np.ndarray], features: Features, digest: str, tables: StoredTables
) -> Query:
    """Describe the photograph by its members' embeddings (by fold) and its local features."""
    (groups,) = duplicate_groups([digest], tables)
    named = replace(features, names=np.array([QUERY] * len(features.names)))
    return Query(embeddings, named, groups, point_weights_for([digest], tables))


def find_viewpoint(
    digest: str, given: str | None, known: dict[str, str], tables: StoredTables
) -> dict[str, str]:
    """The photograph's viewpoint as given or as the competition knows it; empty without one.

    Raises UserError for a viewpoint that no photograph of the competition has.
    """
    if given is None:
        names = tables.names_by_hash
        stored = names[names.index == digest].map(known).dropna()
        return {QUERY: stored.iloc[0]} if len(stored) else {}
    if given not in known.values():
        raise UserError(f"--viewpoint is {given}: viewpoints.csv has {sorted(set(known.values()))}")
    return {QUERY: given}


def tabulate(answered: Answer) -> pd.DataFrame:
    """One row per answer with the photograph that argues most for it (see `Identification`)."""
    best = answered.compared.drop_duplicates("identity")
    probabilities = answered.probabilities.rename_axis("identity").rename("probability")
    return probabilities.reset_index().merge(best, on="identity", how="left")


def match_best(
    images: pd.DataFrame,
    extracted: Features,
    table: pd.DataFrame,
    stored: Gallery,
    find_row: Callable[[str], pd.DataFrame],
    p: Params,
) -> MatchedPair | None:
    """Match the photograph with the one that argues for the likeliest known identity.

    find_row : the row of the table "images" of a gallery photograph
    """
    compared = table.dropna(subset=["image"])
    if compared.empty or not p.keypoints.enabled:
        return None
    name = compared["image"].iloc[0]
    rows = pd.concat([images, find_row(name)], ignore_index=True)
    (number,) = locate(number_photographs(stored.features), [name])
    stored_features = stored.features.of(number)
    pair = features.join(np.array([QUERY, name]), [extracted.of(0), stored_features])
    return match_pair(rows, pair, p)


def gallery_image(name: str, enrolled: dict[str, Enrolled], tables: StoredTables) -> pd.DataFrame:
    """The row of the table "images" of a gallery photograph."""
    if name in enrolled:
        return read_images([paths.ENROLLED / enrolled[name].copy])
    return tables.images[tables.images["image"] == name]
