"""Assign every labelled image to a fold, at random or by time."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.data.pseudo_table import read_pseudo_labels
from pipeline.data.seasons import load_dates
from pipeline.steps.folds import folds
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    labels = folds.join_encounters(artefacts.load_labels(), artefacts.load_encounters())
    date = load_dates()
    table = folds.split(labels, date, p.folds)
    folds.check_training(table, p.folds.trained)
    folds.check_partition(read_pseudo_labels(paths.PSEUDO), table)
    tables.write("folds", table, paths.FOLDS)
    for line in folds.describe(table, date, p.folds):
        print(f"folds: {line}")


if __name__ == "__main__":
    run(main)
