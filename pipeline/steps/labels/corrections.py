"""Corrections of wrong labels of single photographs, from verdicts on pairs.

A label belongs to an individual, but one photograph may have a wrong one, or its duplicates several
ones. Verdicts on pairs tell, like all else: the photograph is `different` from another with its
label, or the `same` as one with another label.
"""

from collections import defaultdict
from typing import NoReturn

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.steps.labels import conflicts, graph
from pipeline.steps.labels.sides import GroupLabels, GroupLink, split_labels
from pipeline.steps.labels.verdicts import Pair
from pipeline.system.errors import UserError


def correct_labels(
    labels: pd.DataFrame, same: list[Pair], different: list[Pair], policy: str
) -> pd.DataFrame:
    """Remove the labels that the verdicts prove wrong; changed rows have provenance review.

    labels : labelled images with their groups, after `different` pairs were split
    same, different : pairs of `labels`

    If two `different` groups share a label, it is removed from the one in doubt: the group that has
    further labels, or is the `same` as something with another label. Without such a doubt, the
    label stays with the one that is the `same` as another group with it. A group with several
    labels keeps those of the groups that it is the `same` as. If these have none in common with it,
    or have several labels themselves, `policy` resolves the group first, since a `same` needs one
    label. A row that loses its label gets the one that is left, or becomes new_whale until a `same`
    names it. If two duplicates with different labels are called the `same`, both labels are right.
    Raises UserError naming the row of a `different` if nothing tells which label is wrong.
    """
    group = dict(zip(labels["image"], labels["group"], strict=True))
    identity = dict(zip(labels["image"], labels["identity"], strict=True))
    confirmed = {
        group[a] for _, a, b in same if group[a] == group[b] and identity[a] != identity[b]
    }
    links = [(group[a], group[b]) for _, a, b in same if group[a] != group[b]]
    separate = [(group[a], group[b]) for _, a, b in different]

    # labels that are certainly wrong are removed first, so that they tell nothing about others
    remaining = remove_doubtful(collect_labels(labels), links, separate, only_single=True)
    linked = collect_linked_labels(remaining, links)
    certain = collect_linked_labels(remaining, links, only_single=True)
    several = {number for number in linked if len(remaining[number]) > 1} - confirmed
    remaining |= {
        number: remaining[number] & linked[number] for number in several if linked[number]
    }
    remaining = remove_doubtful(remaining, links, separate)
    remaining = split_labels(remaining, links, separate)
    joined = graph.component_numbers([(0, *link) for link in links])
    for row, a, b in different:
        first, second = group[a], group[b]
        if joined.get(first, -1) != joined.get(second, -2):  # else `find_new_names` names the rows
            check_shared_labels(remaining, first, second, f"row {row}: {a} and {b}")
    labels = relabel(labels, remaining, policy)
    # verdicts that give a photograph two identities make them one: `find_new_names` joins them
    unresolved = {
        number
        for number in several
        if len(remaining[number]) > 1 and len(remaining[number] & certain[number]) < 2
    }
    resolved = conflicts.resolve_conflicts(labels, policy)
    return pd.concat(
        [labels[~labels["group"].isin(unresolved)], resolved[resolved["group"].isin(unresolved)]]
    ).sort_index()


def collect_labels(labels: pd.DataFrame) -> GroupLabels:
    """Collect the identities of each duplicate group, without new_whale."""
    identities: GroupLabels = {}
    for number, name in zip(labels["group"], labels["identity"], strict=True):
        identities.setdefault(number, set()).update({name} - {NEW_WHALE})
    return identities


def collect_linked_labels(
    labels: GroupLabels, links: list[GroupLink], only_single: bool = False
) -> GroupLabels:
    """Collect the labels of what each linked group is the `same` as.

    Groups without a label pass on those of the groups that they are linked to.

    only_single : take only the labels of groups that have a single one
    """
    linked = defaultdict(set)
    for a, b in links:
        linked[a].add(b)
        linked[b].add(a)
    return {number: _follow_links(number, labels, linked, only_single) for number in linked}


def _follow_links(
    start: int, labels: GroupLabels, linked: dict[int, set[int]], only_single: bool
) -> set[str]:
    found: set[str] = set()
    seen, waiting = {start}, list(linked[start])
    while waiting:
        number = waiting.pop()
        if number in seen:
            continue
        seen.add(number)
        if not labels[number]:
            waiting += linked[number]
        elif not only_single or len(labels[number]) == 1:
            found |= labels[number]
    return found


def remove_doubtful(
    labels: GroupLabels,
    links: list[GroupLink],
    separate: list[GroupLink],
    only_single: bool = False,
) -> GroupLabels:
    """Remove labels that two `different` groups share from the one of them that is in doubt.

    only_single : change only groups that have a single label
    """
    linked = collect_linked_labels(labels, links)
    remaining = dict(labels)
    for pair in separate:
        for label in labels[pair[0]] & labels[pair[1]]:
            doubtful = [
                number
                for number in pair
                if (labels[number] | linked.get(number, set())) - {label}
                and label not in linked.get(number, set())
            ]
            if len(doubtful) == 1 and not (only_single and len(labels[doubtful[0]]) > 1):
                remaining[doubtful[0]] = remaining[doubtful[0]] - {label}
    return remaining


def check_different(labels: pd.DataFrame, different: list[Pair]) -> None:
    """Raise UserError if two photographs that are called different have one label after all.

    That is so if the duplicates of both have several labels and `policy` gives both the same one.
    """
    identity = dict(zip(labels["image"], labels["identity"], strict=True))
    for row, a, b in different:
        if identity.get(a, NEW_WHALE) != NEW_WHALE and identity[a] == identity.get(b):
            raise_shared(f"row {row}: {a} and {b}", identity[a])


def check_shared_labels(labels: GroupLabels, first: int, second: int, description: str) -> None:
    """Raise UserError if two `different` groups share a label that is the only one of either."""
    shared = labels[first] & labels[second]
    if shared and 1 in (len(labels[first]), len(labels[second])):
        raise_shared(description, min(shared))


def raise_shared(description: str, label: str) -> NoReturn:
    """Raise UserError: two different photographs share a label, and nothing tells which is wrong.

    description : the row of `different` and its photographs
    """
    raise UserError(
        f"data/review.csv, {description} differ, but both have the label {label}: decide "
        "before which of them is `new`, or the `same` as another individual or as a third "
        "photograph with this label, or correct train.csv, or the `name` that a reviewer gave"
    )


def relabel(labels: pd.DataFrame, remaining: GroupLabels, policy: str) -> pd.DataFrame:
    """Replace the labels that do not remain by what `policy` makes of the group's others."""
    pairs = zip(labels["group"], labels["identity"], strict=True)
    removed = np.array(
        [name not in remaining[number] | {NEW_WHALE} for number, name in pairs], bool
    )
    if not removed.any():
        return labels
    totals = conflicts.count_identities(labels)
    doubtful = labels["group"].isin(labels.loc[removed, "group"])
    replacement = {
        number: names.iloc[0] if policy == "first" else conflicts.majority_identity(names, totals)
        for number, names in labels[~removed & doubtful].groupby("group")["identity"]
    }
    replaced = [replacement.get(number, NEW_WHALE) for number in labels["group"]]
    identity = labels["identity"].mask(removed, pd.Series(replaced, labels.index, dtype="str"))
    provenance = labels["provenance"].mask(removed, "review")
    return labels.assign(identity=identity, provenance=provenance)
