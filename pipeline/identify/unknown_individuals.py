"""Group the test photographs answered `new_whale` by unknown individual.

They are grouped by the members' embeddings, without labels. How similar two photographs of one
individual are is learned from held-out photographs, each embedded by a member that did not train
on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.data.members import load_vectors
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import clustering
from pipeline.identify.ensembles import check_ensembles
from pipeline.params import Params
from pipeline.system.errors import UserError, require_files

METHOD = "average"
Labelled = tuple[np.ndarray, np.ndarray]  # embeddings n x d, and the individuals of n photographs


@dataclass(frozen=True)
class UnknownIndividuals:
    """Columns image, group of the test photographs called new; and the groups' quality.

    Precision and recall of pairs are those of held-out photographs grouped in the same way, NaN if
    they cannot be measured. Most of these show individuals that the member trained on by other
    photographs, so that groups of unknown individuals are right less often.
    """

    groups: pd.DataFrame
    precision: float
    recall: float


def cluster_unknown(ensemble: str, p: Params) -> UnknownIndividuals:
    """Group the test photographs whose first answer by the ensemble is `new_whale`.

    Raises UserError for an unknown ensemble, one that has not run, or if no two held-out
    photographs show one individual.
    """
    check_ensembles([ensemble], p)
    new = load_new_images(ensemble, p)
    recipe = p.ensembles[ensemble]
    folds, backbones = recipe.fold_list(p.folds.trained), recipe.active_backbones()
    held_out = [load_held_out(backbones, fold) for fold in folds]
    try:
        min_cosine = clustering.fit_min_cosine(held_out, METHOD)
    except ValueError as error:
        raise UserError(f"nothing was written: {error}") from None
    groups = clustering.cluster(load_vectors(backbones, folds, new), min_cosine, METHOD)
    table = pd.DataFrame({"image": new, "group": groups})
    return UnknownIndividuals(table, *measure_quality(held_out))


def load_new_images(ensemble: str, p: Params) -> pd.Series:
    """The test photographs whose first answer is `new_whale`."""
    require_files([paths.test_rankings(ensemble)])
    answers = tables.read("test_rankings", paths.test_rankings(ensemble))
    is_new = answers["ranking"].str.split(" ").str[0] == NEW_WHALE
    return answers.loc[is_new, "image"].reset_index(drop=True)


def measure_quality(held_out: Sequence[Labelled]) -> tuple[float, float]:
    """Precision and recall of pairs, the mean over folds, each clustered by a fit on the others."""
    scores = []
    for fold, (vectors, individuals) in enumerate(held_out):
        others = [*held_out[:fold], *held_out[fold + 1 :]]
        try:
            min_cosine = clustering.fit_min_cosine(others, METHOD)
        except ValueError:
            continue
        groups = clustering.cluster(vectors, min_cosine, METHOD)
        scores.append(clustering.score_pairs(groups, individuals))
    precision, recall = ([pair[key] for pair in scores] for key in ("precision", "recall"))
    if np.isnan(precision).all() or np.isnan(recall).all():
        return float("nan"), float("nan")
    return float(np.nanmean(precision)), float(np.nanmean(recall))


def load_held_out(backbones: Sequence[str], fold: int) -> Labelled:
    """The embeddings and individuals of a fold's held-out photographs, new_whale left out."""
    rows = artefacts.load_folds()
    rows = rows[
        (rows["fold"] == fold) & (rows["identity"] != NEW_WHALE) & (rows["only_fold"] == "")
    ]
    return load_vectors(backbones, [fold], rows["image"]), rows["identity"].to_numpy()
