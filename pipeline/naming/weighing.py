"""The evidence `weighted_inliers`: matched points count by where they lie on the animals."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from pipeline.data.evidence import LOCAL
from pipeline.naming.comparing import Compared
from pipeline.params import Params
from pipeline.steps.ensemble.assemble import FoldEvidence
from pipeline.steps.weigh import weigh
from pipeline.steps.weigh.point_weights import PointWeigher

SOURCE = "weighted_inliers"


def weigh_own(own: Sequence[Compared], p: Params) -> tuple[list[FoldEvidence], PointWeigher]:
    """Weigh the points of the catalogue's queries, each by a fit without its photograph.

    Returns their evidence, and the weigher that is fitted on all of them.
    """
    folds: dict[int | str, weigh.FoldPairs] = {
        number: weigh.FoldPairs(one.pairs, one.points, one.evidence.queries)
        for number, one in enumerate(own)
    }
    weighted = weigh.weigh_folds(folds, p.weigh, p.evaluation)
    evidence = [add(one.evidence, weighted.evidence[n]) for n, one in enumerate(own)]
    return evidence, weighted.weighers[weigh.NOT_HELD_OUT]


def weigh_new(new: Compared, weigher: PointWeigher) -> FoldEvidence:
    """Weigh the points of new photographs."""
    return add(new.evidence, weigh.weigh_pairs(new.pairs, new.points, weigher))


def add(evidence: FoldEvidence, weighted: pd.DataFrame) -> FoldEvidence:
    """Add what was weighed to the scores; a candidate without a matched photograph has 0."""
    scores = weighted.set_index(["query", "identity"])["score"]
    images = evidence.queries["image"].to_numpy()[evidence.query]
    candidates = pd.MultiIndex.from_arrays([images, evidence.identity])
    column = scores.reindex(candidates, fill_value=0.0).to_numpy(float)
    return replace(evidence, scores=evidence.scores.assign(**{f"{LOCAL}.{SOURCE}": column}))
