"""Settle which identity every labelled image has, and who said so."""

from pipeline import params, paths, tables
from pipeline.labels import resolution


def main() -> None:
    p = params.load()
    images = tables.read("images", paths.IMAGES)
    groups = tables.read("groups", paths.GROUPS)
    review = tables.read("review", paths.REVIEW)
    pseudo = tables.read("pseudo", paths.PSEUDO)
    try:
        labels = resolution.resolve(images, groups, p.labels.conflicts, review, pseudo)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    tables.write("labels", labels, paths.LABELS)
    print(labels["provenance"].value_counts().to_string())


if __name__ == "__main__":
    main()
