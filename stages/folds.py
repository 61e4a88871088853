"""Assign every labelled image to a fold."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.data.pseudo_table import read_pseudo_labels
from pipeline.steps.folds import folds
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    labels = folds.join_encounters(artefacts.load_labels(), artefacts.load_encounters())
    table = folds.assign_folds(labels, p.folds.count, p.folds.seed)
    folds.check_training(table, p.folds.trained)
    folds.check_partition(read_pseudo_labels(paths.PSEUDO), table)
    tables.write("folds", folds.assign_parts(table, p.folds.parts, p.folds.seed), paths.FOLDS)
    if whole := folds.describe_whole(table):
        print(f"folds: {whole}")


if __name__ == "__main__":
    run(main)
