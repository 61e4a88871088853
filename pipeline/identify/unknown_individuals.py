"""Group the test photographs answered `new_whale` by unknown individual.

How likely two of them show one individual follows from their embeddings and local features, by what
the stage `verify` learned from held-out photographs. What reviewers decided comes first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from pipeline import paths
from pipeline.data import artefacts, tables
from pipeline.data.members import load_vectors
from pipeline.data.tables import NEW_WHALE, is_pseudo
from pipeline.evaluation.components import split
from pipeline.evaluation.peers import MEASURES, PeerModel, PeerSet, tabulate
from pipeline.identify.ensembles import check_ensembles
from pipeline.params import Params
from pipeline.steps.labels.decided import load_verdicts, select_decided
from pipeline.system.errors import UserError, require_files

Labelled = tuple[np.ndarray, np.ndarray]  # embeddings n x d, and the individuals of n photographs


@dataclass(frozen=True)
class UnknownIndividuals:
    """The table of `NewPhotographs.group`, and the groups' quality.

    ARI, precision and recall of pairs are those of held-out photographs grouped in the same way,
    NaN if they cannot be measured. Most of these show individuals that the member trained on by
    other photographs, so that groups of unknown individuals are right less often.
    """

    groups: pd.DataFrame
    ari: float
    precision: float
    recall: float

    def describe_quality(self) -> str:
        """The quality of the groups, in words."""
        if np.isnan(self.precision):
            return (
                "The quality of these groups is unknown: measuring it needs held-out photographs "
                "of two folds."
            )
        return (
            "For held-out photographs grouped in the same way, pair precision (pairs of one group "
            f"that show one individual) is {self.precision:.0%}, pair recall (pairs of one "
            f"individual that are in one group) {self.recall:.0%}, and the adjusted Rand index "
            f"{self.ari:.2f}. The members were trained on most of these individuals; groups of "
            "unknown individuals are right less often."
        )


@dataclass(frozen=True)
class NewPhotographs:
    """The test photographs that an ensemble calls new, compared with each other.

    scores : ari, precision and recall of groups of held-out photographs, NaN if not measured
    """

    peers: PeerSet
    model: PeerModel
    scores: dict[str, float]

    @classmethod
    def load(cls, ensemble: str, p: Params) -> "NewPhotographs":
        """Load those of a finished run. Raises UserError without one, or an unknown ensemble."""
        check_ensembles([ensemble], p)
        new = load_new_images(ensemble, p)
        require_files([paths.PEER_MODEL, paths.PEER_SCORES, paths.weighted_peers(paths.TEST)])
        peers, model = load_peers(new.tolist(), p)
        stored = tables.read_json(paths.PEER_SCORES)
        scores = {name: np.nan if stored[name] is None else stored[name] for name in MEASURES}
        return cls(peers, model, scores)

    @property
    def images(self) -> Sequence[str]:
        """Their names."""
        return self.peers.images

    def group(self, verdicts: pd.DataFrame) -> UnknownIndividuals:
        """Group them, as reviewers decided: columns image, group and probability.

        verdicts : of `select_verdicts`
        group : the number of the unknown individual, from 1 in the order of the first photographs
        probability : that a photograph shows the same animal as another one of its group, the mean
            over these; NaN if it is alone
        """
        decided = select_decided(verdicts, self.images)
        clusters = self.model.cluster(self.peers, *decided)
        columns = {"image": self.images, "group": clusters + 1}
        table = pd.DataFrame(columns).assign(probability=self.rate(clusters))
        return UnknownIndividuals(table, **self.scores)

    def rate(self, clusters: np.ndarray) -> np.ndarray:
        """The mean probability of each of n photographs with the others of its cluster."""
        rates = np.full(len(clusters), np.nan)
        for rows, probability in self.compare_within(clusters):
            rates[rows] = probability.sum(axis=1) / (len(rows) - 1)
        return rates

    def compare_within(self, clusters: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the m rows of each cluster of two or more, and their m x m probabilities.

        That two show one animal; 0 on the diagonal.
        """
        for rows, matched in split(self.peers.matched_rows, clusters):
            pairs = tabulate(self.peers.vectors[rows], matched)
            probability = expit(self.model.log_odds(pairs, len(rows)))
            np.fill_diagonal(probability, 0)
            yield rows, probability


def cluster_unknown(ensemble: str, p: Params) -> UnknownIndividuals:
    """Group the test photographs whose first answer by the ensemble is `new_whale`.

    Raises UserError for an unknown ensemble, one that has not run, or if no two held-out
    photographs show one individual.
    """
    new = NewPhotographs.load(ensemble, p)
    if new.model.threshold is None:
        raise UserError(
            "nothing was written: no pair model can be fitted, since no two held-out photographs "
            "of a fold show one individual, or all do"
        )
    return new.group(load_verdicts())


def load_groups(ensemble: str, p: Params) -> pd.DataFrame:
    """The groups of a finished run, as `NewPhotographs.group`.

    Raises UserError for an unknown ensemble, or one that has not run.
    """
    return NewPhotographs.load(ensemble, p).group(load_verdicts()).groups


def load_peers(images: Sequence[str], p: Params) -> tuple[PeerSet, PeerModel]:
    """Test photographs compared with each other, and what tells which show one individual."""
    vectors = load_vectors([p.match.backbone], p.folds.trained, images)
    matched = tables.read_parquet(paths.weighted_peers(paths.TEST))
    model = PeerModel.from_dict(tables.read_json(paths.PEER_MODEL))
    return PeerSet(images, vectors, matched), model


def load_new_images(ensemble: str, p: Params) -> pd.Series:
    """The test photographs whose first answer is `new_whale`."""
    require_files([paths.test_rankings(ensemble)])
    answers = tables.read("test_rankings", paths.test_rankings(ensemble))
    is_new = answers["ranking"].str.split(" ").str[0] == NEW_WHALE
    return answers.loc[is_new, "image"].reset_index(drop=True)


def load_held_out(backbones: Sequence[str], fold: int) -> Labelled:
    """The embeddings and individuals of a fold's held-out photographs, new_whale left out."""
    rows = artefacts.load_folds()
    rows = rows[(rows["fold"] == fold) & (rows["identity"] != NEW_WHALE) & ~is_pseudo(rows)]
    return load_vectors(backbones, [fold], rows["image"]), rows["identity"].to_numpy()
