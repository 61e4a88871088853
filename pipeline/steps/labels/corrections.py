"""Which label of a single photograph is wrong, by what people said of the pairs that it is in.

A label is an individual's, and one photograph may carry a wrong one, or its copies several. That is
said by pairs, as all else is: it is `different` from a photograph of its label, or the `same` as
one of another.
"""

from collections import defaultdict

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.steps.labels import conflicts

Pair = tuple[int, str, str]  # a row of data/review.csv and its photographs
Link = tuple[int, int]  # two groups of copies
Known = dict[int, set[str]]  # by group: individuals


def mended(
    labels: pd.DataFrame, same: list[Pair], different: list[Pair], policy: str
) -> pd.DataFrame:
    """The labels without those that people found wrong: changed rows have provenance review.

    labels : labelled images with their groups, once no `different` pair shares one
    same, different : pairs of `labels`

    A label that two groups share though they are `different` is struck out where it is in doubt:
    the group has further ones, or is the `same` as something of another. A group of several labels
    keeps those of what it is the `same` as; where that has none, or cannot tell either, `policy`
    settles the group first, since a `same` needs one label. A row whose label goes takes the one
    that is left, or is a new_whale until a `same` names it. Two copies of different labels that are
    called the `same` have labels that are both right.
    Raises ValueError naming the row of a `different` where nothing says which label is wrong.
    """
    group = dict(zip(labels["image"], labels["group"], strict=True))
    identity = dict(zip(labels["image"], labels["identity"], strict=True))
    right = {group[a] for _, a, b in same if group[a] == group[b] and identity[a] != identity[b]}
    links = [(group[a], group[b]) for _, a, b in same if group[a] != group[b]]
    apart = [(group[a], group[b]) for _, a, b in different]

    # what is plainly wrong says nothing of others
    left = without_struck(known_labels(labels), links, apart, alone=True)
    told, sure = called(left, links), called(left, links, sure=True)
    several = {own for own in told if len(left[own]) > 1} - right
    left |= {own: left[own] & told[own] for own in several if told[own]}
    left = without_struck(left, links, apart)
    for row, a, b in different:
        refuse_shared(left, group[a], group[b], f"row {row}: {a} and {b}")
    labels = relabelled(labels, left, policy)
    # who names two individuals of a photograph says that they are one: `names` will join them
    unsure = {own for own in several if len(left[own]) > 1 and len(left[own] & sure[own]) < 2}
    settled = conflicts.settle(labels, policy)
    return pd.concat(
        [labels[~labels["group"].isin(unsure)], settled[settled["group"].isin(unsure)]]
    ).sort_index()


def known_labels(labels: pd.DataFrame) -> Known:
    """The individuals that each group is labelled as; new_whale is none."""
    found = labels.groupby("group")["identity"].agg(set)
    return {group: names - {NEW_WHALE} for group, names in found.items()}


def called(left: Known, links: list[Link], sure: bool = False) -> Known:
    """What each group with a link is the `same` as, also by way of groups without any label.

    sure : count only groups that have one label
    """
    beside = defaultdict(set)
    for a, b in links:
        beside[a].add(b)
        beside[b].add(a)
    return {own: _reached(own, left, beside, sure) for own in beside}


def _reached(own: int, left: Known, beside: Known, sure: bool) -> set[str]:
    found, seen, waiting = set(), {own}, list(beside[own])
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if not left[one]:
            waiting += beside[one]
        elif not sure or len(left[one]) == 1:
            found |= left[one]
    return found


def without_struck(
    known: Known, links: list[Link], apart: list[Link], alone: bool = False
) -> Known:
    """The labels of each group but those that a `different` strikes out of the one in doubt.

    alone : only of groups that have one label
    """
    told = called(known, links)
    left = dict(known)
    for pair in apart:
        for label in known[pair[0]] & known[pair[1]]:
            doubtful = [own for own in pair if (known[own] | told.get(own, set())) - {label}]
            if len(doubtful) == 1 and not (alone and len(known[doubtful[0]]) > 1):
                left[doubtful[0]] = left[doubtful[0]] - {label}
    return left


def refuse_shared(left: Known, one: int, other: int, where: str) -> None:
    """Raises ValueError where two groups, which differ, keep a label that one of them has alone."""
    shared = left[one] & left[other]
    if shared and 1 in (len(left[one]), len(left[other])):
        raise ValueError(
            f"data/review.csv, {where} differ, but both have the label {min(shared)}: decide "
            "before which of them is `new`, or the `same` as another individual, or correct "
            "train.csv"
        )


def relabelled(labels: pd.DataFrame, left: Known, policy: str) -> pd.DataFrame:
    """The labels where each group keeps those that are left to it; a row without its own takes what
    `policy` makes of the others.
    """
    pairs = zip(labels["group"], labels["identity"], strict=True)
    struck = np.array([name not in left[group] | {NEW_WHALE} for group, name in pairs], bool)
    totals = labels["identity"].value_counts().to_dict()
    kept = {}
    for group, found in labels[~struck].groupby("group")["identity"]:
        kept[group] = found.iloc[0] if policy == "first" else conflicts.majority(found, totals)
    identity = labels["identity"].mask(struck, labels["group"].map(kept).fillna(NEW_WHALE))
    return labels.assign(identity=identity, provenance=labels["provenance"].mask(struck, "review"))
