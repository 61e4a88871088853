"""Label test photographs that the members agree on, for the next round of training.

The labels for fold f come from the members of fold f only, and member f only trains on them, so
that a held-out score stays honest. For the same reason the held-out photographs of fold f have no
part in its labels: the test is compared anew with a gallery that lacks them, the blend is fitted on
the other folds', point weights are left out, and an ensemble that needs a re-ranker is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.data.pseudo_table import read_pseudo_labels
from pipeline.evaluation import agreement
from pipeline.identify.blind_evidence import score_blindly
from pipeline.identify.ensembles import check_ensembles
from pipeline.params import Params
from pipeline.steps.ensemble.assemble import list_sources, select_tests
from pipeline.steps.ensemble.blend import Blend
from pipeline.steps.ensemble.ensemble import score_test_without_fold
from pipeline.steps.ensemble.load import load_fold_evidence
from pipeline.steps.folds import folds
from pipeline.steps.submission.place import compute_posteriors
from pipeline.system.errors import UserError, require_files

FITTED = {"reranked", "reptile", *params.FEW_SHOT}  # scores that learn from held-out queries


@dataclass(frozen=True)
class PseudoLabels:
    """The rows of data/pseudo.csv, and the number of their round."""

    round: int
    table: pd.DataFrame


def pseudo_label(
    ensembles: Sequence[str], p: Params, min_posterior: float, surest: int | None = None
) -> PseudoLabels:
    """Write data/pseudo.csv anew, with the next round's number.

    A test photograph is labelled for a fold if all ensembles rank the same known identity first,
    each with a posterior of at least `min_posterior` (before the ensemble's own placing of
    new_whale). With `surest`, these are that many photographs of each identity, however sure.
    Duplicates of labelled photographs are left out.

    Raises UserError, and writes nothing, for folds by time, and for ensembles that are unknown,
    have not run, have a single fold or no fold in common, or need scores fitted on held-out
    photographs.
    """
    if surest is not None and surest < 1:
        raise UserError(f"--surest {surest}: at least one photograph per identity")
    if p.folds.seasons:
        raise UserError(
            "nothing was written: folds.seasons: members by season learn from earlier seasons, and "
            "not from pseudo-labels: set it to [] for folds at random"
        )
    check_ensembles(ensembles, p)
    require_files([paths.FOLDS, *map(paths.posteriors, ensembles)])
    answers = answer_all(ensembles, p)
    labels = agree(answers, min_posterior if surest is None else 0.0)
    duplicates = set(artefacts.load_duplicates()["image"])
    labels = labels[~labels["image"].isin(duplicates)]
    labels = labels if surest is None else agreement.select_surest(labels, surest)
    partition = folds.hash_partition(artefacts.load_folds())
    number = next_round()
    labels = labels.assign(round=number, partition=partition).round({"confidence": 4})
    tables.write("pseudo", labels, paths.PSEUDO)
    return PseudoLabels(number, labels)


def answer_all(ensembles: Sequence[str], p: Params) -> list[pd.DataFrame]:
    """The log-odds of every ensemble (`blind_log_odds`), of the folds that all have."""
    try:
        answers = [blind_log_odds(p, name) for name in ensembles]
    except ValueError as error:
        raise UserError(f"nothing was written: {error}") from None
    folds = (set(p.ensembles[name].fold_list(p.folds.trained)) for name in ensembles)
    common = set.intersection(*folds)
    if not common:
        raise UserError(f"nothing was written: {list(ensembles)} have no fold in common")
    return [table[table["fold"].isin(common)] for table in answers]


def agree(answers: Sequence[pd.DataFrame], min_posterior: float) -> pd.DataFrame:
    """Columns image, identity, confidence, fold: what all ensembles agree on, fold by fold."""
    labels = [pd.DataFrame(columns=["image", "identity", "confidence", "fold"])]
    for fold in sorted(set.intersection(*(set(table["fold"]) for table in answers))):
        of_fold = [table[table["fold"] == fold] for table in answers]
        posteriors = [compute_posteriors(table, 0.0) for table in of_fold]
        labels.append(agreement.find_agreed_labels(posteriors, min_posterior).assign(fold=fold))
    agreed = pd.concat([table for table in labels if len(table)] or labels, ignore_index=True)
    return agreed.astype({"confidence": float, "fold": int})


def next_round() -> int:
    """The number after that of the rows that data/pseudo.csv has, 1 for the first round."""
    past = read_pseudo_labels(paths.PSEUDO)["round"]
    return int(past.max()) + 1 if len(past) else 1


def blind_log_odds(p: Params, name: str) -> pd.DataFrame:
    """The ensemble's log-odds for the test, each fold's without its photographs (see above).

    Raises ValueError for an ensemble of a single fold, and for one with scores of a re-ranker.
    """
    recipe = p.ensembles[name]
    fitted = [score for score in recipe.scores if set(score.split(" or ")) & FITTED]
    if fitted:
        raise ValueError(f"{name}: {fitted} were fitted on the photographs that are held out")
    if len(recipe.fold_list(p.folds.trained)) < 2:
        raise ValueError(f"{name} has one fold: the blend is fitted on the others'")
    local = dict(recipe.local)
    local.pop("weighted_inliers", None)
    recipe = recipe.model_copy(update={"local": local})
    folds = artefacts.load_folds()
    parts = load_fold_evidence(recipe, p.folds.trained, folds, ("neighbours",))
    blend = Blend(recipe, p.ensemble, p.evaluation, select_tests(parts))
    tests = score_blindly([part.fold for part in parts], list_sources(parts[0]), p)
    return score_test_without_fold(parts, tests, blend)
