"""Build the labels, with their provenance, and list duplicates of training photographs."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.steps.labels import duplicates, labels, record


def main() -> None:
    p = params.load()
    images = artefacts.load_images()
    groups = artefacts.load_groups()
    decisions = record.read_decisions(paths.REVIEW)
    pseudo = artefacts.load_pseudo_labels()
    resolved = labels.resolve_labels(images, groups, p.labels.conflicts, decisions, pseudo)
    duplicate_images = duplicates.find_duplicates(images, groups, decisions)
    tables.write("labels", resolved, paths.LABELS)
    tables.write("duplicates", duplicate_images, paths.DUPLICATES)
    print(resolved["provenance"].value_counts().to_string())
    print(f"{len(duplicate_images)} test images with a duplicate in train")


if __name__ == "__main__":
    main()
