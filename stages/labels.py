"""Settle which identity every labelled image has and who said so; and the test images' twins."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.steps.labels import duplicates, labels, record


def main() -> None:
    p = params.load()
    images = artefacts.load_images()
    groups = artefacts.load_groups()
    review = record.read(paths.REVIEW)
    pseudo = artefacts.load_pseudo_labels()
    try:
        resolved = labels.resolve(images, groups, p.labels.conflicts, review, pseudo)
        copied = duplicates.twins(images, groups, review)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    tables.write("labels", resolved, paths.LABELS)
    tables.write("duplicates", copied, paths.DUPLICATES)
    print(resolved["provenance"].value_counts().to_string())
    print(f"{len(copied)} test images with a twin in train")


if __name__ == "__main__":
    main()
