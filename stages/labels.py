"""Build the labels, with their provenance, and list duplicates of training photographs."""

from pipeline import params, paths
from pipeline.data import artefacts, tables
from pipeline.data.named import is_named
from pipeline.data.pseudo_table import read_pseudo_labels
from pipeline.steps.labels import duplicates, labels, pseudo_labels, record
from pipeline.system.start import run


def main() -> None:
    p = params.load()
    images = artefacts.load_images()
    groups = artefacts.load_groups()
    decisions = record.read_decisions(paths.REVIEW)
    pseudo = read_pseudo_labels(paths.PSEUDO)
    pseudo_labels.check_folds(pseudo, p.folds.count)
    resolved = labels.resolve_labels(images, groups, p.labels.conflicts, decisions, pseudo)
    duplicate_images = duplicates.find_duplicates(images, groups, decisions)
    tables.write("labels", resolved, paths.LABELS)
    tables.write("duplicates", duplicate_images, paths.DUPLICATES)
    print(resolved["provenance"].value_counts().to_string())
    named = int(is_named(resolved).sum())
    print(f"{len(duplicate_images) - named} test images with a labelled duplicate, {named} named")


if __name__ == "__main__":
    run(main)
