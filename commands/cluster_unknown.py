"""`tailprint cluster-unknown`."""

from typing import TYPE_CHECKING

from commands.options import Ensemble

if TYPE_CHECKING:
    from pipeline.identify.unknown_individuals import UnknownIndividuals

EXAMPLES = ["tailprint cluster-unknown best"]


def main(ensemble: Ensemble) -> None:
    """Group photographs of unknown individuals.

    The test photographs that are answered new_whale are grouped by the members' embeddings, without
    labels: how similar two photographs of one individual are is learned from held-out photographs,
    each embedded by a member that did not train on it. Prints the groups of two or more, and how
    often groups of held-out photographs are right. Writes submissions/ENSEMBLE_unknown.csv (image,
    group).
    """
    from pipeline import params, paths
    from pipeline.data import tables
    from pipeline.identify.unknown_individuals import cluster_unknown

    found = cluster_unknown(ensemble, params.load())
    out = paths.SUBMISSIONS / f"{ensemble}_unknown.csv"
    tables.write_csv(found.groups, out)
    print(*format_groups(found), sep="\n")
    count, groups = len(found.groups), found.groups["group"].nunique()
    print(f"{out}: {count} photographs of unknown individuals in {groups} groups")
    print(describe_quality(found))


def format_groups(found: "UnknownIndividuals") -> list[str]:
    """One line for each group of two photographs or more."""
    groups = found.groups.groupby("group")["image"].agg(list)
    return [f"{group}: {', '.join(own)}" for group, own in groups.items() if len(own) > 1]


def describe_quality(found: "UnknownIndividuals") -> str:
    """How right such groups are."""
    if found.precision != found.precision:  # NaN
        return "How right such groups are is unknown: that takes held-out photographs of two folds."
    return (
        f"Of held-out photographs grouped so, {found.precision:.0%} of the pairs show one "
        f"individual, and {found.recall:.0%} of such pairs are found. The members were trained on "
        "most of these individuals; groups of unknown individuals are right less often."
    )
