"""Unknown individuals that reviewers name, join and take apart.

The test photographs that are called new are grouped by evidence and by what reviewers decided. A
name for a group is a row of data/review.csv for each of its photographs. So is everything else a
row, or several: an undo writes what held before.
"""

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from pipeline.data import identity_names
from pipeline.data.similar_names import find_variants
from pipeline.data.tables import NEW_WHALE
from pipeline.identify.unknown_individuals import NewPhotographs, UnknownIndividuals
from pipeline.review.decisions import make_row
from pipeline.review.ledger import Decision, Ledger
from pipeline.review.scope import pair_photographs
from pipeline.review.state import UNNAMED
from pipeline.steps.labels import graph
from pipeline.steps.labels.verdicts import select_names, select_pairs
from pipeline.system.errors import UserError

Key = tuple[str, ...]


class Change:
    """What a reviewer did last: the rows, and those that take it back; in words."""

    def __init__(self, words: str, rows: list[Decision], back: list[Decision]) -> None:
        self.words, self.rows, self.back = words, rows, back


class UnknownDesk:
    """The groups for several reviewers, and what they decide about them.

    load : the photographs, when the first reviewer asks for them
    new_label : the competition's word for a new individual, which is no name
    """

    def __init__(
        self, ledger: Ledger, load: Callable[[], NewPhotographs], new_label: str = NEW_WHALE
    ) -> None:
        self._ledger, self._load = ledger, load
        self._reserved = {NEW_WHALE, new_label}
        self._lock = threading.Lock()
        self._loaded: NewPhotographs | None = None
        self._changes: dict[str, list[Change]] = {}

    def current(self, who: str) -> dict[str, object]:
        """The groups as they are now, for JSON. Raises UserError if files can't be read."""
        with self._lock:
            return self._describe(who)

    def name(
        self, images: Sequence[str], identity: str, is_sure: bool, who: str
    ) -> dict[str, object]:
        """Give photographs a name, or none ("").

        Nothing is written, and the answer has a `question`, if the name is that of others or like
        one, and the reviewer is not sure. Raises UserError for what can't be a name, and as
        `Ledger.add`.
        """
        with self._lock:
            self._check(images)
            names = select_names(self._ledger.verdicts())
            if not identity:
                named = [image for image in images if image in names]
                rows = [make_row(image, "", "undo", who) for image in named]
                return self._write("the name of a group removed", rows, who)
            if fault := identity_names.name_fault(identity, self._reserved):
                raise UserError(fault)
            if not is_sure and (question := self._find_question(images, identity)):
                return {**self._describe(who), "question": question}
            changed = [image for image in images if names.get(image) != identity]
            rows = [make_row(image, identity, "name", who) for image in changed]
            return self._write(f"{len(rows)} named {identity}", rows, who)

    def join(self, images: Sequence[str], who: str) -> dict[str, object]:
        """Make one group of those that these photographs are in.

        All of them are the same as the first one from then on, whatever was decided before.
        """
        with self._lock:
            self._check(images)
            groups = self._group().groups
            numbers = groups.set_index("image")["group"][list(images)]
            members = groups.loc[groups["group"].isin(numbers), "image"].tolist()
            verdicts = self._ledger.verdicts()
            joined = graph.component_numbers(select_pairs(verdicts, "same"))
            centre, *others = members
            rows = [
                make_row(a, b, "undo", who)
                for _, a, b in select_pairs(verdicts, "different")
                if {a, b} <= set(members)
            ]
            done = {joined.get(centre, centre)}
            for image in others:
                component = joined.get(image, image)
                if component not in done:
                    done.add(component)
                    rows.append(make_row(centre, image, "same", who))
            return self._write("groups joined", rows, who)

    def separate(self, image: str, who: str) -> dict[str, object]:
        """Take a photograph out of its group, and its name with it.

        It is different from the group's most typical photograph. What it was the same as in the
        group stays together.
        """
        with self._lock:
            self._check([image])
            groups = self._group().groups.set_index("image")["group"]
            mates = groups.index[(groups == groups[image]) & (groups.index != image)].tolist()
            if not mates:
                raise UserError(f"{image} is alone")
            verdicts = self._ledger.verdicts()
            same = [{a, b} for _, a, b in select_pairs(verdicts, "same") if image in (a, b)]
            linked = [mate for mate in mates if {image, mate} in same]
            typical = self._find_typical(mates)
            rows = [make_row(image, mate, "undo", who) for mate in linked if mate != typical]
            rows += [make_row(linked[0], mate, "same", who) for mate in linked[1:]]
            if image in select_names(verdicts):
                rows.append(make_row(image, "", "undo", who))
            rows.append(make_row(image, typical, "different", who))
            return self._write(f"{image} taken out", rows, who)

    def undo(self, who: str) -> dict[str, object]:
        """Take the reviewer's last change back. Raises UserError if it was changed since."""
        with self._lock:
            changes = self._changes.get(who, [])
            if not changes:
                raise UserError("there is nothing to undo since the review was started")
            change, last = changes[-1], self._find_last()
            if any(row_key(last[pair_photographs(row)]) != row_key(row) for row in change.rows):
                raise UserError(f"{change.words}: has been changed since and can't be undone here")
            self._ledger.add(*(make_row(*row_key(row), who) for row in change.back))
            changes.pop()
            return self._describe(who)

    def _photographs(self) -> NewPhotographs:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def _group(self) -> UnknownIndividuals:
        return self._photographs().group(self._ledger.verdicts())

    def _check(self, images: Sequence[str]) -> None:
        unknown = sorted(set(images) - set(self._photographs().images))
        if unknown or not images:
            raise UserError(f"none of the photographs called new: {unknown[:5]}")

    def _find_last(self) -> dict[Key, Decision]:
        """The last row on each pair or photograph."""
        return {pair_photographs(row): row for row in self._ledger.rows()}

    def _find_typical(self, images: list[str]) -> str:
        """The photograph that is most probably the same animal as the others; ties: the first."""
        if len(images) == 1:
            return images[0]
        new = self._photographs()
        clusters = np.arange(len(new.images))
        own = [new.images.index(image) for image in images]
        clusters[own] = own[0]
        ((rows, probability),) = new.compare_within(clusters)
        return new.images[rows[probability.sum(axis=1).argmax()]]

    def _find_question(self, images: Sequence[str], identity: str) -> str:
        """What to ask before a name is given, or ""."""
        names = self._resolve_names()
        others = names[~names.index.isin(list(images))]
        count = int((others == identity).sum())
        if count:
            return f"{identity} has photographs already ({count}). Do these show the same animal?"
        if variants := find_variants(identity, set(others)):
            return f"{', '.join(variants)} is known. Is {identity} really another animal?"
        return ""

    def _resolve_names(self) -> "pd.Series[str]":
        """The individuals of all photographs that have one, after all decisions."""
        _, names = self._ledger.resolve_names()
        return names[~names.str.startswith(UNNAMED)]

    def _write(self, words: str, rows: list[Decision], who: str) -> dict[str, object]:
        rows = list({pair_photographs(row): row for row in rows}.values())
        if rows:
            last = self._find_last()
            self._ledger.add(*rows)
            back = [take_back(row, last.get(pair_photographs(row))) for row in rows]
            self._changes.setdefault(who, []).append(Change(words, rows, back))
        return self._describe(who)

    def _describe(self, who: str) -> dict[str, object]:
        found, names = self._group(), self._resolve_names()
        changes = self._changes.get(who, [])
        groups = [describe_group(rows, names) for _, rows in found.groups.groupby("group")]
        return {
            "reviewer": who,
            "quality": found.describe_quality(),
            "groups": groups,
            "names": sorted(set(names)),
            "last": changes[-1].words if changes else "",
        }


def describe_group(rows: pd.DataFrame, names: "pd.Series[str]") -> dict[str, object]:
    """A group for JSON; its name is that of most of its photographs that have one."""
    columns = zip(rows["image"], rows["probability"], strict=True)
    photographs = [
        {
            "image": image,
            "probability": None if np.isnan(probability) else round(float(probability), 4),
            "name": names.get(image, ""),
        }
        for image, probability in columns
    ]
    given = [photograph["name"] for photograph in photographs if photograph["name"]]
    mean = rows["probability"].mean()
    return {
        "number": int(rows["group"].iloc[0]),
        "name": max(sorted(set(given)), key=given.count, default=""),
        "probability": None if np.isnan(mean) else round(float(mean), 4),
        "photographs": photographs,
    }


def row_key(row: Decision) -> tuple[str, str, str]:
    """What a row says, without who said it and when."""
    return row["image_a"], row["image_b"], row["decision"]


def take_back(row: Decision, before: Decision | None) -> Decision:
    """The row that makes hold what held before another row."""
    if before is not None and before["decision"] != "undo":
        return before
    other = "" if len(pair_photographs(row)) == 1 else row["image_b"]
    return {**row, "image_b": other, "decision": "undo"}
