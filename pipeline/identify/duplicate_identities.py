"""Find identities of a finished run that may be one animal under two names."""

import pandas as pd

from pipeline import paths
from pipeline.data import tables
from pipeline.evaluation import duplicate_identities as evaluation
from pipeline.identify.ensembles import check_ensembles
from pipeline.params import Params
from pipeline.system.errors import require_files

PHOTOGRAPHS = ["query", "image", "inliers"]


def find_duplicate_identities(ensemble: str, p: Params, min_posterior: float) -> pd.DataFrame:
    """Pairs of identities whose held-out photographs the ensemble mistakes for each other's.

    Columns as `evaluation.find_duplicate_identities` gives them, and query, image, inliers: the two
    photographs with the most matched points, missing if none were matched. Raises UserError for an
    unknown ensemble or one that has not run.
    """
    check_ensembles([ensemble], p)
    require_files([paths.posteriors(ensemble)])
    rankings = tables.read("rankings", paths.rankings(ensemble))
    posteriors = tables.read_parquet(paths.posteriors(ensemble))
    table = evaluation.find_duplicate_identities(rankings, posteriors, min_posterior)
    pairs = load_pairs(ensemble, p)
    pairs["query_identity"] = pairs["query"].map(evaluation.find_query_identities(rankings))
    best = [
        evaluation.find_best_pair(first, second, pairs)
        for first, second in zip(table["first"], table["second"], strict=True)
    ]
    rows = [[None] * 3 if pair is None else pair[PHOTOGRAPHS].tolist() for pair in best]
    return table.join(pd.DataFrame(rows, table.index, PHOTOGRAPHS))


def load_pairs(ensemble: str, p: Params) -> pd.DataFrame:
    """Load the pairs of photographs that `match` compared, of all folds of the ensemble."""
    folds = p.ensembles[ensemble].fold_list(p.folds.trained)
    return pd.concat(
        [tables.read_parquet(paths.matched_pairs(fold)) for fold in folds], ignore_index=True
    )
