"""What the stage reads of all queries, and the settings that decide about their rankings."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.data import gallery
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import protocol
from pipeline.evaluation.peers import Decided, PeerSet
from pipeline.params import Evaluation, NewWhale, SubmissionStage
from pipeline.paths import QuerySet

ANY = ""  # the species of a photograph of which it is not known

# of a fold's queries, or of the TEST's: n of them, compared with each other
Compare = Callable[[QuerySet, Sequence[str]], PeerSet]
# images -> pairs of them that show the same individual, and pairs that show different ones
Decide = Callable[[Sequence[str]], tuple[Decided, Decided]]


@dataclass(frozen=True)
class Settings:
    """The sections of params.yaml that decide about rankings."""

    new_whale: NewWhale
    submission: SubmissionStage
    evaluation: Evaluation

    @property
    def placing(self) -> NewWhale:
        """How new_whale is placed; a single answer has no second place to fall back on."""
        if self.submission.format == "single" and self.new_whale.method == "posterior":
            return self.new_whale.model_copy(update={"method": "balanced"})
        return self.new_whale


@dataclass(frozen=True)
class Photographs:
    """What is known about queries beside their evidence.

    sample : the images of the submission; unlabelled photographs are not among them
    species : of the images whose species is known; encounter : of every image
    decide : what reviewers have decided about images
    """

    sample: Collection[str]
    species: Mapping[str, str]
    compare: Compare
    encounter: Mapping[str, int]
    decide: Decide


@dataclass(frozen=True)
class Queries:
    """All queries of an ensemble.

    held_out, test : candidate rows (query, fold, identity, log_odds)
    truth : the held-out queries, as `gallery.held_out_rows`, with weight and species
    vocabulary : new_whale, then the known identities, likeliest first
    """

    held_out: pd.DataFrame
    test: pd.DataFrame
    truth: pd.DataFrame
    vocabulary: list[str]


def build_queries(
    log_odds: pd.DataFrame,
    folds: pd.DataFrame,
    trained: list[int],
    prior: float,
    photographs: Photographs,
) -> Queries:
    """Split an ensemble's candidate rows into held-out and test ones.

    folds : table "folds"; trained : the ensemble's folds
    """
    truth = gallery.held_out_rows(folds, trained)
    truth["weight"] = protocol.query_weights(truth["kind"], prior)
    truth["species"] = [photographs.species.get(image, ANY) for image in truth["image"]]
    in_test = log_odds["test"] & log_odds["query"].isin(photographs.sample)
    return Queries(log_odds[~log_odds["test"]], log_odds[in_test], truth, list_vocabulary(folds))


def list_vocabulary(folds: pd.DataFrame) -> list[str]:
    """new_whale and the known identities, most photographs first, ties by name."""
    counts = folds.loc[folds["identity"] != NEW_WHALE, "identity"].value_counts()
    return [NEW_WHALE, *sorted(counts.index, key=lambda name: (-counts[name], name))]
