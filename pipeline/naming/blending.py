"""From scores to probabilities, by a blend that is fitted on the catalogue's own photographs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import metrics, protocol, reliability
from pipeline.naming.settings import ENSEMBLE
from pipeline.params import Params
from pipeline.steps.ensemble.assemble import FoldEvidence, stack_folds
from pipeline.steps.ensemble.blend import Blend
from pipeline.steps.ensemble.missing_kinds import has_known
from pipeline.steps.submission.place import compute_posteriors

# fewer queries, or of fewer individuals, leave probabilities rough
MIN_QUERIES, MIN_INDIVIDUALS = 30, 5
SURE = 0.5  # an answer of at least this probability is given, others are unsure
CALIBRATED, ROUGH, RANKED = "calibrated", "rough", "ranked"
NO_LOG_ODDS = pd.DataFrame(columns=["query", "fold", "identity", "log_odds"])
SENTENCES = {
    CALIBRATED: "The probabilities are calibrated on the catalogue's own photographs.",
    ROUGH: (
        "The catalogue is too small to calibrate probabilities: they are rough. It takes "
        f"{MIN_QUERIES} photographs of individuals with two or more, of {MIN_INDIVIDUALS} "
        "individuals."
    ),
    RANKED: (
        "The probabilities are not calibrated: only the order of the names means something. No "
        "two individuals of the catalogue have two photographs each, so the similarity of two "
        "photographs of one individual cannot be estimated."
    ),
}


@dataclass(frozen=True)
class Quality:
    """How well the catalogue's own photographs are named, each by fits without it.

    known, new : how many photographs were compared with their individual in the catalogue, and
    without it (mostly the same ones); top1, top5 : of the known ones, weighted equally
    called_new : the fraction of photographs without their individual that are surely new
    known_called_new : of the known ones; calibration_error : see `reliability`

    NaN if there are none.
    """

    known: int
    new: int
    top1: float
    top5: float
    called_new: float
    known_called_new: float
    calibration_error: float


@dataclass(frozen=True)
class Blended:
    """The posteriors of new photographs (query, identity, posterior); how far to trust them.

    log_odds : as of `Blend.log_odds`, which the posteriors follow from
    """

    posteriors: pd.DataFrame
    log_odds: pd.DataFrame
    state: str
    quality: Quality | None


@dataclass(frozen=True)
class OwnAnswers:
    """The catalogue's queries, and the answers to them by fits without them.

    log_odds : as of `Blend.cross_fit`; None if there are too few queries (`state`)
    """

    held_out: FoldEvidence
    state: str
    log_odds: pd.DataFrame | None

    def score_known(self) -> pd.DataFrame:
        """Of the queries of known individuals: individual, first (right or not), precision at 5."""
        queries = self.held_out.queries[self.held_out.queries["kind"] == KNOWN]
        if self.log_odds is None:
            raise ValueError("too few queries to answer any by fits on the others")
        ranked = rank(compute_posteriors(self.log_odds, 0.0)).reindex(queries["image"])
        names = list_names(ranked["identity"])
        precision = metrics.precision_at_5(queries["truth"].tolist(), names)
        return pd.DataFrame(
            {
                "individual": queries["cluster"].to_numpy(),
                "first": precision == 1,
                "precision": precision,
            },
            index=queries["image"],
        )


def answer_own(own: Sequence[FoldEvidence], p: Params) -> OwnAnswers:
    """Answer the catalogue's queries, each by a blend that is fitted on the others.

    own : the queries that are known and those that stand for new individuals
    """
    held_out = rename_and_stack(own)
    state = find_state(held_out)
    if state != CALIBRATED:
        return OwnAnswers(held_out, state, None)
    return OwnAnswers(held_out, state, build_blend(state, [], p).cross_fit(held_out))


def build_blend(state: str, new: list[FoldEvidence], p: Params) -> Blend:
    """The blend, not fitted, that so many queries allow."""
    kind = "isotonic" if state == CALIBRATED else "logistic"
    settings = p.ensemble.model_copy(update={"calibration": kind})
    return Blend(p.ensembles[ENSEMBLE], settings, p.evaluation, new)


def blend(own: OwnAnswers, new: FoldEvidence, p: Params) -> Blended:
    """Fit the blend on the catalogue's queries, known and new ones, and apply it."""
    log_odds = build_blend(own.state, [new], p).fit(own.held_out).log_odds([new])
    quality = None if own.log_odds is None else measure(own.log_odds, own.held_out, p)
    return Blended(compute_posteriors(log_odds, 0.0), log_odds, own.state, quality)


def rename_and_stack(own: Sequence[FoldEvidence]) -> FoldEvidence:
    """All queries of the catalogue as one; a photograph may be a query of either kind."""
    renamed = [
        replace(
            one, queries=one.queries.assign(image=one.queries["kind"] + " " + one.queries["image"])
        )
        for one in own
    ]
    return stack_folds(renamed)


def find_state(held_out: FoldEvidence) -> str:
    """Whether there are enough queries to calibrate probabilities."""
    if not has_known(held_out):
        return RANKED
    known = held_out.queries["kind"] == KNOWN
    enough = all(
        len(rows) >= MIN_QUERIES and rows["cluster"].nunique() >= MIN_INDIVIDUALS
        for rows in (held_out.queries[known], held_out.queries[~known])
    )
    return CALIBRATED if enough else ROUGH


def measure(log_odds: pd.DataFrame, held_out: FoldEvidence, p: Params) -> Quality:
    """Measure cross-fitted answers (log-odds) to the catalogue's queries."""
    queries = held_out.queries
    ranked = rank(compute_posteriors(log_odds, 0.0)).reindex(queries["image"])
    truth = queries["truth"].to_numpy()
    answers = ranked["identity"].to_list()
    known = (queries["kind"] == KNOWN).to_numpy()
    names = list_names(answers)
    first = np.array([row[0] == right for row, right in zip(names, truth, strict=True)])
    five = np.array([right in row for row, right in zip(names, truth, strict=True)])
    likeliest = np.array([row[0] for row in ranked["posterior"]])
    new = np.array([row[0] == NEW_WHALE for row in answers])
    right = np.where(known, ~new & first, new)
    new &= likeliest >= SURE
    weights = protocol.query_weights(queries["kind"], p.evaluation.new_whale_prior)
    diagram = reliability.build_diagram(likeliest, right, weights, reliability.TENTHS)
    return Quality(
        int(known.sum()),
        int((~known).sum()),
        float(first[known].mean()),
        float(five[known].mean()),
        float(new[~known].mean()),
        float(new[known].mean()),
        reliability.calibration_error(diagram),
    )


def list_names(answers: Iterable[Sequence[str]]) -> list[list[str]]:
    """The five likeliest individuals of each answer, a ranked list with new_whale in it."""
    return [[one for one in row if one != NEW_WHALE][:5] for row in answers]


def rank(posteriors: pd.DataFrame) -> pd.DataFrame:
    """By query: its identities and posteriors as lists, best first; ties by identity."""
    table = posteriors.sort_values(
        ["query", "posterior", "identity"], ascending=[True, False, True]
    )
    return table.groupby("query")[["identity", "posterior"]].agg(list)
