"""Which label of a single photograph is wrong, by what people said of the pairs that it is in.

A label is an individual's, and one photograph may carry a wrong one, or its copies several. That is
said by pairs, as all else is: it is `different` from a photograph of its label, or the `same` as
one of another.
"""

from collections import defaultdict

import pandas as pd

from pipeline.labels import conflicts
from pipeline.tables import NEW_WHALE

Pair = tuple[int, str, str]  # a row of data/review.csv and its photographs
Known = dict[int, set[str]]  # by group of copies: individuals


def mended(
    labels: pd.DataFrame, same: list[Pair], different: list[Pair], policy: str
) -> pd.DataFrame:
    """The labels without those that people found wrong: changed rows have provenance review.

    labels : labelled images with their groups, once no `different` pair shares one
    same, different : pairs of `labels`

    A group of several labels keeps those of what it is the `same` as; where that has none,
    `policy` settles it first, since a `same` needs one label. A label that a group shares with
    what it is `different` from is struck out where it is in doubt: the group has further ones, or
    is the `same` as something of another. A row whose label goes takes the only one that is left,
    or is a new_whale until a `same` names it. Two copies that are called the `same` have labels
    that are both right.
    Raises ValueError naming the row of a `different` where nothing says which label is wrong.
    """
    group = dict(zip(labels["image"], labels["group"], strict=True))
    known = known_labels(labels)
    right = {group[a] for _, a, b in same if group[a] == group[b]}
    called: Known = defaultdict(set)
    for _, a, b in same:
        if group[a] != group[b]:
            called[group[a]] |= known[group[b]]
            called[group[b]] |= known[group[a]]
    left = struck_out(known, called, different, group)
    for own in called.keys() - right:
        if len(known[own]) > 1 and called[own]:
            left[own] = left.get(own, known[own]) & called[own]
    labels = relabelled(labels, left)
    unsettled = labels["group"].isin(called.keys() - right)
    return pd.concat([labels[~unsettled], conflicts.settle(labels[unsettled], policy)]).sort_index()


def known_labels(labels: pd.DataFrame) -> Known:
    """The individuals that each group is labelled as; new_whale is none."""
    found = labels.groupby("group")["identity"].agg(set)
    return {group: names - {NEW_WHALE} for group, names in found.items()}


def struck_out(known: Known, called: Known, different: list[Pair], group: dict[str, int]) -> Known:
    """What is left of the labels of the groups that `different` takes one from.

    called : what each group is the `same` as
    """
    left: Known = {}
    for row, a, b in different:
        for label in sorted(known[group[a]] & known[group[b]]):
            doubtful = [own for own in (group[a], group[b]) if (known[own] | called[own]) - {label}]
            if len(doubtful) != 1:
                raise ValueError(
                    f"data/review.csv, row {row}: {a} and {b} differ, but both have the label "
                    f"{label}: decide before which of them is `new`, or the `same` as another "
                    "individual, or correct train.csv"
                )
            (own,) = doubtful
            left[own] = left.get(own, known[own]) - {label}
    return left


def relabelled(labels: pd.DataFrame, left: Known) -> pd.DataFrame:
    """The labels where each group of `left` keeps those that are left to it."""

    def kept(group: int, identity: str) -> str:
        if group not in left or identity in left[group]:
            return identity
        return next(iter(left[group])) if len(left[group]) == 1 else NEW_WHALE

    pairs = zip(labels["group"], labels["identity"], strict=True)
    identity = pd.Series([kept(*pair) for pair in pairs], labels.index, dtype=object)
    provenance = labels["provenance"].where(identity == labels["identity"], "review")
    return labels.assign(identity=identity, provenance=provenance)
