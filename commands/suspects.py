"""Which identities may be one animal under two names?

    python -m commands.suspects ENSEMBLE [--least 0.2]

Prints pairs of identities whose held-out photographs the ensemble takes for each other's, with the
two photographs that have the most points in common. Nothing is decided here: look at them
(`python -m commands.verify`), and where they are one animal write the two photographs with the
decision `same` into data/review.csv; the next `dvc repro` then gives both names one label.
"""

import argparse

import pandas as pd

from pipeline import params, paths
from pipeline.data import tables
from pipeline.evaluation import duplicate_identities


def main(name: str, least: float) -> None:
    p = params.load()
    if name not in p.ensembles:
        raise SystemExit(f"no ensemble {name!r}; params.yaml has {list(p.ensembles)}")
    if not paths.placed_posteriors(name).is_file():
        raise SystemExit(
            f"{paths.placed_posteriors(name)} is not there: run the pipeline first (dvc repro)"
        )
    rankings = tables.read("rankings", paths.rankings(name))
    found = duplicate_identities.find_duplicate_identities(
        rankings, pd.read_parquet(paths.placed_posteriors(name)), least
    )
    folds = p.ensembles[name].fold_list(p.folds.trained)
    pairs = pd.concat(
        [pd.read_parquet(paths.matched_pairs(fold)) for fold in folds], ignore_index=True
    )
    pairs["query_identity"] = pairs["query"].map(
        duplicate_identities.find_query_identities(rankings)
    )
    for row in found.itertuples():
        print(
            f"{row.first} and {row.second}: {row.second_for_first:.2f} and "
            f"{row.first_for_second:.2f} of the posterior go to the other, "
            f"{row.queries} photographs"
        )
        pair = duplicate_identities.find_best_pair(row.first, row.second, pairs)
        if pair is not None:
            shared = f"{pair['inliers']:.0f} matched points"
            print(f"    {pair['query']} and {pair['image']}: {shared}")
    print(f"{len(found)} pairs of identities with {least:g} or more")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ensemble")
    parser.add_argument("--least", type=float, default=0.2)
    arguments = parser.parse_args()
    main(arguments.ensemble, arguments.least)
