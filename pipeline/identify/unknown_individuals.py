"""Group the test photographs answered `new_whale` by unknown individual.

How likely two of them show one individual follows from their embeddings and local features, by what
the stage `verify` learned from held-out photographs. What reviewers decided comes first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.data.members import load_vectors
from pipeline.data.tables import NEW_WHALE
from pipeline.identify.ensembles import check_ensembles
from pipeline.params import Params
from pipeline.steps.labels import graph, record
from pipeline.steps.labels.verdicts import Pair, select_pairs, select_verdicts
from pipeline.steps.verify.peers import MEASURES, PeerModel, PeerSet
from pipeline.system.errors import UserError, require_files

NamePair = tuple[str, str]
Labelled = tuple[np.ndarray, np.ndarray]  # embeddings n x d, and the individuals of n photographs


@dataclass(frozen=True)
class UnknownIndividuals:
    """Columns image, group of the test photographs called new; and the groups' quality.

    ARI, precision and recall of pairs are those of held-out photographs grouped in the same way,
    NaN if they cannot be measured. Most of these show individuals that the member trained on by
    other photographs, so that groups of unknown individuals are right less often.
    """

    groups: pd.DataFrame
    ari: float
    precision: float
    recall: float


def cluster_unknown(ensemble: str, p: Params) -> UnknownIndividuals:
    """Group the test photographs whose first answer by the ensemble is `new_whale`.

    Raises UserError for an unknown ensemble, one that has not run, or if no two held-out
    photographs show one individual.
    """
    check_ensembles([ensemble], p)
    new = load_new_images(ensemble, p)
    require_files([paths.PEER_MODEL, paths.PEER_SCORES, paths.weighted_peers(paths.TEST)])
    model = PeerModel.from_dict(tables.read_json(paths.PEER_MODEL))
    if model.threshold is None:
        raise UserError(
            "nothing was written: no two held-out photographs show one individual, so that it is "
            "not known how alike two photographs of one are"
        )
    vectors = load_vectors([p.match.backbone], p.folds.trained, new)
    peers = PeerSet(new.tolist(), vectors, tables.read_parquet(paths.weighted_peers(paths.TEST)))
    table = pd.DataFrame({"image": new, "group": model.cluster(peers, *load_decided(new))})
    scores = tables.read_json(paths.PEER_SCORES)
    quality = (np.nan if scores[name] is None else float(scores[name]) for name in MEASURES)
    return UnknownIndividuals(table, *quality)


def load_new_images(ensemble: str, p: Params) -> pd.Series:
    """The test photographs whose first answer is `new_whale`."""
    require_files([paths.test_rankings(ensemble)])
    answers = tables.read("test_rankings", paths.test_rankings(ensemble))
    is_new = answers["ranking"].str.split(" ").str[0] == NEW_WHALE
    return answers.loc[is_new, "image"].reset_index(drop=True)


def load_held_out(backbones: Sequence[str], fold: int) -> Labelled:
    """The embeddings and individuals of a fold's held-out photographs, new_whale left out."""
    rows = artefacts.load_folds()
    rows = rows[
        (rows["fold"] == fold) & (rows["identity"] != NEW_WHALE) & (rows["only_fold"] == "")
    ]
    return load_vectors(backbones, [fold], rows["image"]), rows["identity"].to_numpy()


def load_decided(images: pd.Series) -> tuple[list[NamePair], list[NamePair]]:
    """The pairs of these photographs that reviewers call the same, and those they call different.

    Also by way of other photographs: what is the same as one photograph is the same.
    """
    decisions = record.read_decisions(paths.REVIEW)
    verdicts = select_verdicts(decisions, artefacts.load_images())
    same, different = (select_pairs(verdicts, word) for word in ("same", "different"))
    return spread(same, different, images)


def spread(
    same: list[Pair], different: list[Pair], images: pd.Series
) -> tuple[list[NamePair], list[NamePair]]:
    """`load_decided` from the verdicts: pairs of `images` alone that say what all of them say."""
    numbers = graph.component_numbers(same)
    of_component: dict[int | str, list[str]] = {}
    for image in images:
        of_component.setdefault(numbers.get(image, image), []).append(image)
    joined = [(own[0], other) for own in of_component.values() for other in own[1:]]
    apart = [
        (of_component[one][0], of_component[other][0])
        for one, other in ((numbers.get(a, a), numbers.get(b, b)) for _, a, b in different)
        if one in of_component and other in of_component
    ]
    return joined, apart
