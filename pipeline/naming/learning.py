"""What a method learns from the catalogue's own photographs, and which method names them better."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN
from pipeline.evaluation import protocol
from pipeline.naming import blending, method
from pipeline.naming.blending import CALIBRATED, OwnAnswers
from pipeline.naming.comparing import Compared, Comparer
from pipeline.naming.gallery import Known
from pipeline.naming.method import FROZEN, Method
from pipeline.naming.photographs import Described, Photographs
from pipeline.naming.queries import build_catalogue_queries
from pipeline.naming.weighing import weigh_new, weigh_own
from pipeline.naming.workspace import Workspace
from pipeline.params import Params
from pipeline.steps.ensemble.assemble import FoldEvidence
from pipeline.steps.weigh.point_weights import PointWeigher

SAMPLES, SEED = 10_000, 0  # of the bootstrap
TOO_SMALL = (
    "The catalogue is too small to train on, and was compared without training. It takes "
    f"{blending.MIN_QUERIES} photographs of individuals with two or more, of "
    f"{blending.MIN_INDIVIDUALS} individuals."
)


@dataclass(frozen=True)
class Learned:
    """A method that is ready for new photographs.

    known : the comparisons of the catalogue's known queries; own : all of its queries, answered
    described : by digest
    weigher : of matched points; None if the catalogue is too small, and all count alike
    """

    comparer: Comparer
    known: Compared
    own: OwnAnswers
    described: dict[str, Described]
    weigher: PointWeigher | None

    def weigh(self, new: Compared) -> FoldEvidence:
        """The evidence on new photographs."""
        return weigh_new(new, self.weigher) if self.weigher else new.evidence


def learn(
    chosen: Method,
    known: Known,
    new: Sequence[str],
    found: Photographs,
    workspace: Workspace,
    p: Params,
) -> Learned:
    """Compare the catalogue's photographs with each other, and learn from it.

    new : the digests of the new photographs, which are described too
    """
    collected, described = chosen.collect(known, new, found, workspace, p)
    comparer = Comparer(known, collected, workspace, p, chosen)
    own = compare_own(comparer)
    evidence, weigher = [one.evidence for one in own], None
    if blending.find_state(blending.rename_and_stack(evidence)) == CALIBRATED:
        evidence, weigher = weigh_own(own, p)
    return Learned(comparer, own[0], blending.answer_own(evidence, p), described, weigher)


def compare_own(comparer: Comparer) -> list[Compared]:
    """Compare the catalogue's photographs with the others: known ones, and as new ones."""
    queries = build_catalogue_queries(comparer.known, comparer.method.thorough)
    known = [query for query in queries if query.kind == KNOWN]
    new = [query for query in queries if query.kind != KNOWN]
    return [
        comparer.compare(known, "learning from the catalogue"),
        comparer.compare(new, "learning what is new"),
    ]


def learn_best(
    known: Known, new: Sequence[str], found: Photographs, workspace: Workspace, p: Params
) -> tuple[Learned, str]:
    """Learn without training and with it; returns the better one and a sentence that says why."""
    frozen = learn(FROZEN, known, new, found, workspace, p)
    if frozen.own.state != CALIBRATED:
        return frozen, TOO_SMALL
    trained = learn(method.train(known, found, workspace, p), known, new, found, workspace, p)
    before, after = frozen.own.score_known(), trained.own.score_known()
    helped = is_better(before, after)
    return (trained if helped else frozen), describe_gain(before, after, helped)


def is_better(before: pd.DataFrame, after: pd.DataFrame) -> bool:
    """Whether more first names are right, or as many and the right one is higher in the lists.

    On the photographs of `before`; `after` may have more.
    """
    tables = before, after.loc[before.index]
    first, second = ((table["first"].sum(), table["precision"].sum()) for table in tables)
    return bool(second > first)


def describe_gain(before: pd.DataFrame, after: pd.DataFrame, helped: bool) -> str:
    """The accuracies on the same photographs, and what follows."""
    after = after.loc[before.index]
    gain = protocol.paired_interval(
        before["first"].to_numpy(float),
        after["first"].to_numpy(float),
        np.ones(len(before)),
        before["individual"].to_numpy(),
        *(SAMPLES, SEED),
    )
    if helped:
        start = "Training helped" if gain["low"] > 0 else "Training may have helped, and is used"
    else:
        start = "Training did not help, and the names are without it"
    return (
        f"{start}: on {len(before)} photographs of the catalogue, each without its own name, the "
        f"first name is right for {after['first'].mean():.0%} with training and for "
        f"{before['first'].mean():.0%} without (difference {gain['difference']:+.0%}, 95% interval "
        f"{gain['low']:+.0%} to {gain['high']:+.0%}). The better one was chosen by these "
        "photographs, on which it therefore looks slightly better than on others."
    )
