"""The verdicts on identities, applied to the labels: `same` joins them, `new` takes one away."""

from pathlib import PurePath

import pandas as pd

from pipeline.data import identity_names
from pipeline.data.tables import NEW_WHALE
from pipeline.steps.labels import conflicts, graph
from pipeline.steps.labels.graph import Link
from pipeline.steps.labels.verdicts import Pair, select_pairs
from pipeline.system.errors import UserError

Node = str | int  # an identity, or the group of a new_whale photograph


def select_identity_pairs(
    labels: pd.DataFrame, groups: pd.DataFrame, verdicts: pd.DataFrame
) -> tuple[list[Pair], list[Pair]]:
    """Select the `same` and the `different` pairs that concern identities of labelled images.

    labels : with their groups, after `different` pairs were split
    groups : as they were before: two former duplicates are only called different photographs

    Pairs with a photograph that is called `new` are left out: it has no label that could be wrong.
    """
    labelled = set(labels["image"])
    same, different = (
        [pair for pair in select_pairs(verdicts, decision) if labelled.issuperset(pair[1:])]
        for decision in ("same", "different")
    )
    before, now = (
        dict(zip(table["image"], table["group"], strict=True)) for table in (groups, labels)
    )
    new = {now.get(a) for _, a, _ in select_pairs(verdicts, "new")}
    different_animals = [
        (row, a, b)
        for row, a, b in different
        if before[a] != before[b] and not new & {now[a], now[b]}
    ]
    return same, different_animals


def find_new_names(labels: pd.DataFrame, verdicts: pd.DataFrame) -> dict[Node, str]:
    """Find what `same` renames: an identity, or the group of a new_whale photograph, to a name.

    The name is the known identity's with the most images (ties: the alphabetically first);
    new_whale photographs alone become a new identity with a name of its own (`build_new_names`).
    Raises UserError naming the rows where `different` or `new` contradicts a path of
    `same`.
    """
    node = dict(zip(labels["image"], _to_nodes(labels), strict=True))
    links: list[Link[Node]] = [
        (row, node[a], node[b])
        for row, a, b in select_pairs(verdicts, "same")
        if a in node and b in node and node[a] != node[b]
    ]
    group = dict(zip(labels["image"], labels["group"], strict=True))
    _check_contradictions(node, links, verdicts, group)
    totals = conflicts.count_identities(labels)
    names: dict[Node, str] = {}
    for component in graph.connected_components(links):
        known = [name for name in component if isinstance(name, str)]
        if known:
            name = min(known, key=lambda name: (-totals[name], name))
        else:
            photographs = labels.loc[labels["group"].isin(component), "image"]
            name = _choose_name(photographs, {*totals, *names.values()})
        names |= dict.fromkeys((n for n in component if n != name), name)
    return names


def build_new_names(image: str) -> list[str]:
    """The names that a new individual may get by its photograph: the first that is free.

    They are `review_` and the file's name, without its ending or with it: `a.jpg` and `a.png` may
    show two individuals.
    """
    path = PurePath(image)
    return [f"review_{identity_names.make_name(part)}" for part in (path.stem, path.name)]


def rename_identities(labels: pd.DataFrame, names: dict[Node, str]) -> pd.DataFrame:
    """Apply the names of `find_new_names`; changed rows have provenance review."""
    if not names:
        return labels
    nodes = _to_nodes(labels)
    changed = nodes.isin(list(names))
    identity = nodes.map(names).where(changed, labels["identity"])
    return labels.assign(
        identity=identity, provenance=labels["provenance"].where(~changed, "review")
    )


def mark_new(labels: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Label `new` photographs and their duplicates as new_whale."""
    images = verdicts.loc[verdicts["decision"] == "new", "image_a"]
    if images.empty:
        return labels
    groups = labels.loc[labels["image"].isin(images), "group"]
    changed = labels["group"].isin(groups)
    return labels.assign(
        identity=labels["identity"].where(~changed, NEW_WHALE),
        provenance=labels["provenance"].where(~changed, "review"),
    )


def _to_nodes(labels: pd.DataFrame) -> pd.Series:
    """What `same` joins: the identity, or for new_whale, which is no individual, the group."""
    identity = labels["identity"].astype(object)
    return identity.where(identity != NEW_WHALE, labels["group"])


def _check_contradictions(
    node: dict[str, Node],
    links: list[Link[Node]],
    verdicts: pd.DataFrame,
    group: dict[str, int],
) -> None:
    faults = []
    same = select_pairs(verdicts, "same")
    # by way of duplicates
    copies = [(row, group.get(a, a), group.get(b, b)) for row, a, b in same]
    copy_numbers = graph.component_numbers(copies)
    images, nodes = graph.component_numbers(same), graph.component_numbers(links)
    for row, a, b in select_pairs(verdicts, "different"):
        path = graph.find_path(same, images, a, b)
        if not path and a in group and b in group and group[a] != group[b]:
            path = graph.find_path(copies, copy_numbers, group[a], group[b])
        if not path and a in node and b in node:
            path = graph.find_path(links, nodes, node[a], node[b])
        if path:
            rows = ", ".join(map(str, path))
            faults.append(f"row {row} says that {a} and {b} differ, same in rows {rows} joins them")
    joined = {image: row for row, *pair in same for image in pair}
    for row, a, _ in select_pairs(verdicts, "new"):
        if a in joined:
            faults.append(f"row {row} says that {a} is new, row {joined[a]} joins it to another")
    if faults:
        raise UserError(
            "data/review.csv contradicts itself (add an `undo` row):\n  " + "\n  ".join(faults)
        )


def _choose_name(photographs: pd.Series, taken: set[str]) -> str:
    names = min(build_new_names(image) for image in photographs)
    free = [name for name in names if name not in taken]
    if not free:
        raise UserError(
            f"data/review.csv: {' and '.join(names)} are names of other individuals already: "
            f"call the photographs or the individuals otherwise"
        )
    return free[0]
