"""Give every labelled image a fold."""

from pipeline import folds, params, paths, tables


def main() -> None:
    p = params.load()
    labels = tables.read("labels", paths.LABELS)
    tables.write("folds", folds.assign(labels, p.folds.count, p.folds.seed), paths.FOLDS)


if __name__ == "__main__":
    main()
