"""Label test photographs that the members are sure of, for the next round of training.

    python -m commands.pseudo ENSEMBLE [ENSEMBLE ...] [--confidence 0.95 | --surest 3]

A test photograph is labelled for fold f where the named ensembles' members of fold f, and they
alone, all put the same known identity first, each with the posterior `confidence` or more (the
learned posterior, wherever the ensemble's own submission places new_whale). With --surest N these
are each identity's N surest photographs, however sure: members that learned from few labels are
seldom sure. Writes data/pseudo.csv anew, with the next round's number; the next `dvc repro` trains
member f on the rows of fold f and on no others', so that a held-out score stays honest. For the
same reason nothing that was fitted on the held-out photographs of fold f has a say in its rows: the
blend is fitted on the other folds', weighed points are left out, and an ensemble that needs the
word of Reptile or another learner of `rerank` is refused. The rows name the partition into folds
that they were made with: with another, the stage `folds` refuses them. A file with a header alone
is the way back: git checkout data/pseudo.csv.
"""

import argparse

import pandas as pd

from pipeline import params, paths
from pipeline.data import tables
from pipeline.evaluation import agreement
from pipeline.steps.ensemble.blend import Blend
from pipeline.steps.ensemble.ensemble import score_test_without_fold
from pipeline.steps.ensemble.load import load_fold_evidence
from pipeline.steps.folds import folds
from pipeline.steps.submission.place import compute_posteriors

FITTED = {"reranked", "reptile", *params.FEW_SHOT}  # scores that learned from held-out queries


def main(names: list[str], confidence: float, surest: int | None = None) -> None:
    if surest is not None and surest < 1:
        raise SystemExit(f"--surest {surest}: at least one photograph of an identity")
    p = params.load()
    unknown = sorted(set(names) - set(p.ensembles))
    if unknown:
        raise SystemExit(f"no ensembles {unknown}; params.yaml has {list(p.ensembles)}")
    lacking = [
        path for path in (paths.FOLDS, *map(paths.placed_posteriors, names)) if not path.is_file()
    ]
    if lacking:
        raise SystemExit(f"{lacking[0]} is not there: run the pipeline first (dvc repro)")
    try:
        said = {name: answers(p, name) for name in names}
        common = set.intersection(*(set(table["fold"]) for table in said.values()))
        if not common:
            raise ValueError(f"{names} have no fold in common")
    except ValueError as error:
        raise SystemExit(f"nothing was written: {error}") from None
    copies = set(tables.read("duplicates", paths.DUPLICATES)["image"])
    labels = [
        agreement.find_agreed_labels(
            [compute_posteriors(table[table["fold"] == fold], 0.0) for table in said.values()],
            confidence if surest is None else 0.0,
        ).assign(fold=fold)
        for fold in sorted(common)
    ]
    found = pd.concat(labels, ignore_index=True)
    found = found[~found["image"].isin(copies)]
    found = found if surest is None else agreement.select_surest(found, surest)
    past = tables.read("pseudo", paths.PSEUDO)["round"]
    number = int(past.max()) + 1 if len(past) else 1
    own = folds.partition(tables.read("folds", paths.FOLDS))
    found = found.assign(round=number, partition=own).round({"confidence": 4})
    tables.write("pseudo", found, paths.PSEUDO)
    print(
        f"{paths.PSEUDO}: round {number}, "
        f"{found['image'].nunique()} test photographs of {found['identity'].nunique()} identities, "
        f"{len(found)} labels in {found['fold'].nunique()} folds"
    )


def answers(p: params.Params, name: str) -> pd.DataFrame:
    """The ensemble's log-odds for the test, each fold's without a fit on that fold.

    Raises ValueError for an ensemble of a single fold, and for one that needs what is fitted.
    """
    recipe = p.ensembles[name]
    fitted = [score for score in recipe.scores if set(score.split(" or ")) & FITTED]
    if fitted:
        raise ValueError(f"{name}: {fitted} were fitted on the photographs that are held out")
    if len(recipe.fold_list(p.folds.trained)) < 2:
        raise ValueError(f"{name} has one fold: the blend is fitted on the others'")
    local = {
        source: weight for source, weight in recipe.local.items() if source != "weighted_inliers"
    }
    recipe = recipe.model_copy(update={"local": local})
    parts = load_fold_evidence(recipe, p.folds.trained, tables.read("folds", paths.FOLDS))
    return score_test_without_fold(parts, Blend(recipe, p.ensemble, p.evaluation))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ensembles", nargs="+", metavar="ensemble")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--confidence", type=float, default=0.95, help="the least posterior")
    chosen.add_argument("--surest", type=int, help="so many of each identity instead")
    asked = parser.parse_args()
    main(asked.ensembles, asked.confidence, asked.surest)
