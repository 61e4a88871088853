"""Which of two different photographs keeps a label that both have: the side confirmed first."""

from typing import NamedTuple

GroupLink = tuple[int, int]  # two duplicate groups
GroupLabels = dict[int, set[str]]  # by duplicate group: its identities, without new_whale


class Side(NamedTuple):
    """Groups with one label that `same` joins, and the place of the link that confirmed them."""

    since: int
    groups: set[int]


def split_labels(
    labels: GroupLabels, links: list[GroupLink], separate: list[GroupLink]
) -> GroupLabels:
    """Leave each label that two `different` groups share to the side that was confirmed first.

    A side is what `same` joins to one of the two, as far as it has the label. It is confirmed if it
    has two groups or more. An unconfirmed side loses the label; of two confirmed ones the later
    loses it, with all its groups. So later decisions never move a name from one animal to another.
    If no side is confirmed, both keep the label: nothing tells which is wrong. Nor does a side that
    has lost it itself.

    links : in the order of their decisions
    """
    sides = collect_sides(labels, links)
    shared = []
    for pair in separate:
        for label in labels[pair[0]] & labels[pair[1]]:
            both = [sides.get((number, label), Side(len(links), {number})) for number in pair]
            first, second = sorted(both, key=lambda side: side.since)
            if first.since < second.since:
                shared.append((first, second, label))
    remaining = dict(labels)
    for first, second, label in sorted(shared, key=lambda item: item[0].since):
        if all(label in remaining[number] for number in first.groups):
            remaining |= {number: remaining[number] - {label} for number in second.groups}
    return remaining


def collect_sides(labels: GroupLabels, links: list[GroupLink]) -> dict[tuple[int, str], Side]:
    """The confirmed side of each group and label.

    Components grow link by link; a side is confirmed by the first link that joins two groups with
    the label.
    """
    parts: dict[int, tuple[set[int], dict[str, Side]]] = {}
    for place, link in enumerate(links):
        (groups, own), (others, their) = (
            parts.get(number)
            or ({number}, {label: Side(place, {number}) for label in labels[number]})
            for number in link
        )
        if link[1] in groups:
            continue
        merged = own | their
        for label in own.keys() & their.keys():
            both = own[label], their[label]
            since = min((side.since for side in both if len(side.groups) > 1), default=place)
            merged[label] = Side(since, both[0].groups | both[1].groups)
        parts |= dict.fromkeys(groups | others, (groups | others, merged))
    return {
        (number, label): side
        for _, sides in parts.values()
        for label, side in sides.items()
        if len(side.groups) > 1
        for number in side.groups
    }
