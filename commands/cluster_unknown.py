"""`tailprint cluster-unknown`."""

from typing import TYPE_CHECKING

from commands.options import Ensemble

if TYPE_CHECKING:
    from pipeline.identify.unknown_individuals import UnknownIndividuals

EXAMPLES = ["tailprint cluster-unknown best"]


def main(ensemble: Ensemble) -> None:
    """Group photographs of unknown individuals.

    The test photographs that are answered new_whale are grouped by how likely two of them show one
    individual, from embeddings and local features; that is learned from held-out photographs.
    Decisions of the review (same, different, names) come first. Prints the groups of two or more,
    and how often groups of held-out photographs are right. Writes submissions/ENSEMBLE_unknown.csv
    (image, group, and the mean probability that it shows the same animal as another of its group).
    The report has the same numbers, and `tailprint review` gives groups names.
    """
    from pipeline import params, paths
    from pipeline.data import tables
    from pipeline.data.spreadsheet import defuse
    from pipeline.identify.unknown_individuals import cluster_unknown

    result = cluster_unknown(ensemble, params.load())
    out = paths.SUBMISSIONS / f"{ensemble}_unknown.csv"
    tables.write_csv(defuse(result.groups).round({"probability": 4}), out)
    print(*format_groups(result), sep="\n")
    count, groups = len(result.groups), result.groups["group"].nunique()
    print(f"{out}: {count} photographs of unknown individuals in {groups} groups")
    print(result.describe_quality())


def format_groups(result: "UnknownIndividuals") -> list[str]:
    """One line for each group of two photographs or more."""
    groups = result.groups.groupby("group")["image"].agg(list)
    return [f"{group}: {', '.join(images)}" for group, images in groups.items() if len(images) > 1]
