"""What people decided about pairs of photographs (data/review.csv), put into effect.

A row of the file is a verdict on an unordered pair; a later row on the same pair replaces it.
`same`: one individual, with all photographs of either; of a photograph whose label is in doubt
(`mending`) it says whom this one shows. `different`: not one individual; copies that differ are not
copies. `new`: image_a is a new individual. `unsure` and `undo` have no effect but to replace. Test
images never get a label here.
"""

from pathlib import PurePath

import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.steps.labels import chains
from pipeline.steps.labels.corrections import Pair

DECISIONS = ("same", "different", "unsure", "new", "undo")


def current(decisions: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """The verdicts that hold: image_a, image_b, decision, and the row of the file as index.

    Raises ValueError with every row that names an unknown image or decision.
    """
    known = set(images["image"])
    last: dict[tuple[str, ...], tuple[int, str, str, str]] = {}
    faults = []
    columns = decisions[["image_a", "image_b", "decision"]]
    for row, a, b, decision in columns.set_axis(decisions.index + 2).itertuples(name=None):
        pair = (a,) if decision in ("new", "undo") and not b else (a, b)
        faults += [f"row {row}: there is no image {name!r}" for name in pair if name not in known]
        if decision not in DECISIONS:
            faults.append(f"row {row}: {decision!r} is none of {', '.join(DECISIONS)}")
        if a == b:
            faults.append(f"row {row}: {a} is paired with itself")
        last[tuple(sorted(pair))] = (row, a, b, decision)
    if faults:
        raise ValueError("data/review.csv: " + "\n  ".join(["can't be used", *faults]))
    held = [verdict for verdict in sorted(last.values()) if verdict[3] not in ("undo", "unsure")]
    return pd.DataFrame(held, columns=["row", "image_a", "image_b", "decision"]).set_index("row")


def grouped(images: pd.DataFrame, groups: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """The "images" table with the group of every row once no `different` pair shares one.

    Raises ValueError naming the row of data/review.csv that parts a file from its own copy.
    """
    table = images.merge(groups, on="image", validate="one_to_one")
    return table.assign(group=split(table, verdicts))


def split(table: pd.DataFrame, verdicts: pd.DataFrame) -> pd.Series:
    """The group of each row of `table` (images with their groups) once no `different` pair
    shares one. A group's number stays the row of its first image.

    Byte-identical files stay together; what no verdict parts stays with the group's first image.
    """
    table = table.reset_index(drop=True)
    file = dict(zip(table["image"], table["sha256"], strict=True))
    apart: dict[str, set[str]] = {}
    for row, a, b in _pairs(verdicts, "different"):
        if file[a] == file[b]:
            raise ValueError(f"data/review.csv, row {row}: {a} and {b} are the same file")
        apart.setdefault(file[a], set()).add(file[b])
        apart.setdefault(file[b], set()).add(file[a])
    groups = table["group"].copy()
    for _, members in table[table["sha256"].isin(apart)].groupby("group"):
        rows = table.index[table["group"] == members["group"].iloc[0]]
        parts: list[set[str]] = []
        for sha256 in table.loc[rows, "sha256"].unique():
            enemies = apart.get(sha256, set())
            home = next((part for part in parts if not part & enemies), None)
            parts.append({sha256}) if home is None else home.add(sha256)
        for part in parts:
            together = rows[table.loc[rows, "sha256"].isin(part)]
            groups[together] = together[0]
    return groups


def about(
    labels: pd.DataFrame, groups: pd.DataFrame, verdicts: pd.DataFrame
) -> tuple[list[Pair], list[Pair]]:
    """The `same` and the `different` pairs that speak of the individuals of labelled images.

    labels : with their groups, once no `different` pair shares one
    groups : as they were before: of two copies `different` says only that they are none
    What a person calls `new` has no label that could be wrong.
    """
    same, different = (
        [pair for pair in _pairs(verdicts, decision) if set(pair[1:]) <= set(labels["image"])]
        for decision in ("same", "different")
    )
    before, now = (
        dict(zip(table["image"], table["group"], strict=True)) for table in (groups, labels)
    )
    new = {now.get(a) for _, a, _ in _pairs(verdicts, "new")}
    parted = [
        (row, a, b)
        for row, a, b in different
        if before[a] != before[b] and not new & {now[a], now[b]}
    ]
    return same, parted


def names(labels: pd.DataFrame, verdicts: pd.DataFrame) -> dict[str | int, str]:
    """What `same` renames: an identity, or the group number of a new_whale photograph, to a name.

    The name is the known identity's with the most images (ties: the alphabet's first); new_whale
    photographs alone become a new identity, `review_` and the first stem of their file names.
    Raises ValueError naming the rows where `different` or `new` contradicts a chain of `same`.
    """
    node = dict(zip(labels["image"], _nodes(labels), strict=True))
    links = [
        (row, node[a], node[b])
        for row, a, b in _pairs(verdicts, "same")
        if a in node and b in node and node[a] != node[b]
    ]
    _refuse_contradictions(node, links, verdicts)
    totals = labels["identity"].value_counts().to_dict()
    found: dict[str | int, str] = {}
    for chain in chains.connected(links):
        known = [name for name in chain if isinstance(name, str)]
        name = min(known, key=lambda name: (-totals[name], name)) if known else None
        name = name or _new_name(labels[labels["group"].isin(chain)], set(totals))
        found |= {member: name for member in chain if member != name}
    return found


def join(labels: pd.DataFrame, renamed: dict[str | int, str]) -> pd.DataFrame:
    """The labels under the names of `names`; changed rows have provenance review."""
    nodes = _nodes(labels)
    changed = nodes.isin(list(renamed))
    identity = nodes.map(renamed).where(changed, labels["identity"])
    return labels.assign(
        identity=identity, provenance=labels["provenance"].where(~changed, "review")
    )


def make_new(labels: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """The labels with `new` photographs, and their copies, as new_whale."""
    images = verdicts.loc[verdicts["decision"] == "new", "image_a"]
    groups = labels.loc[labels["image"].isin(images), "group"]
    changed = labels["group"].isin(groups)
    return labels.assign(
        identity=labels["identity"].where(~changed, NEW_WHALE),
        provenance=labels["provenance"].where(~changed, "review"),
    )


def _nodes(labels: pd.DataFrame) -> pd.Series:
    """What `same` joins: an identity; for new_whale, which is no individual, the photograph."""
    identity = labels["identity"].astype(object)
    return identity.where(identity != NEW_WHALE, labels["group"])


def _pairs(verdicts: pd.DataFrame, decision: str) -> list[Pair]:
    chosen = verdicts.loc[verdicts["decision"] == decision, ["image_a", "image_b"]]
    return list(chosen.itertuples(name=None))


def _refuse_contradictions(node: dict, links: list, verdicts: pd.DataFrame) -> None:
    faults = []
    same = _pairs(verdicts, "same")
    for row, a, b in _pairs(verdicts, "different"):
        path = chains.path(same, a, b)
        if not path and a in node and b in node:
            path = chains.path(links, node[a], node[b])
        if path:
            rows = ", ".join(map(str, path))
            faults.append(f"row {row} says that {a} and {b} differ, same in rows {rows} joins them")
    joined = {image: row for row, *pair in same for image in pair}
    for row, a, _ in _pairs(verdicts, "new"):
        if a in joined:
            faults.append(f"row {row} says that {a} is new, row {joined[a]} joins it to another")
    if faults:
        raise ValueError(
            "data/review.csv contradicts itself (add an `undo` row):\n  " + "\n  ".join(faults)
        )


def _new_name(members: pd.DataFrame, taken: set[str]) -> str:
    name = "review_" + min(PurePath(image).stem.replace(" ", "_") for image in members["image"])
    if name in taken:
        raise ValueError(f"data/review.csv: {name} is an identity of the competition already")
    return name
