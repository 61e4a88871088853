"""Answers as observations of a Camera Trap Data Package, in a new package.

The standard asks for deployments with their coordinates and dates, which no folder of photographs
has: the package is the user's own, and only its observations grow. Terms:
https://camtrap-dp.tdwg.org/data.
"""

import csv
import io
import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd

from pipeline.data import user_csv
from pipeline.data.decimals import to_point
from pipeline.exchange import camtrap_dp
from pipeline.exchange.camtrap_dp import BOX, DESCRIPTOR, Package
from pipeline.exchange.named_folder import Answer, NamedFolder
from pipeline.exchange.new_folder import write_folder
from pipeline.exchange.photograph_names import match_names
from pipeline.system.errors import UserError

logger = logging.getLogger(__name__)

ANIMAL, MEDIA_LEVEL = "animal", "media"
PREFIX = "tailprint-"  # of the observations that an export has added
# what an added observation says; the standard's other terms are left empty
TERMS = (
    *("observationID", "deploymentID", "mediaID", "eventID", "eventStart", "eventEnd"),
    *("observationLevel", "observationType", "scientificName", "count", "individualID"),
    *BOX,
    *("classificationMethod", "classifiedBy", "classificationTimestamp"),
    *("classificationProbability", "observationTags", "observationComments"),
)
NUMBERS = {
    *("count", "individualPositionRadius", "individualPositionAngle", "individualSpeed"),
    *(*BOX, "classificationProbability"),
}
SMALLEST = 1e-6  # side of a box: the standard refuses 0


@dataclass(frozen=True)
class Observations:
    """A table of observations as text: names of columns, and the cells of each row."""

    columns: list[str]
    rows: list[list[str]]

    def values(self) -> list[dict[str, str]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def export(named: NamedFolder, package: Path, out: Path, species: str, version: str) -> str:
    """Write a package with the answers among its observations into the new folder `out`.

    species : the scientific name of the animals, "": that of the photograph's other observations
    version : of the program, for `classifiedBy`

    Observations of an earlier export are replaced. Returns a sentence on what was added. Raises
    UserError, and writes nothing, if the package is faulty or has none of the photographs.
    """
    opened = camtrap_dp.open_package(package)
    media = opened.read_media()
    if media["alike"].any():
        logger.warning(
            "%d media have the name of another one of their deployment (%s): they get no "
            "observations",
            *(media["alike"].sum(), media.loc[media["alike"], "name"].iloc[0]),
        )
    distinct = media[~media["alike"]]
    keys = dict(zip(distinct["name"], distinct["mediaID"], strict=True))
    matched = match_names(
        opened.files["media"].name,
        *(keys, named.files),
        without="the package has no observations of them",
        by_tail=True,
    )
    found = {photograph: keys[name] for photograph, name in matched.items()}
    before = read_observations(opened.files["observations"])
    written = datetime.fromtimestamp(named.written, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fixed = {"classifiedBy": f"Tailprint {version}", "classificationTimestamp": written}
    context = describe_media(media, before, species)
    added = list_observations(named.with_animals, found, context, fixed)
    if not added:
        raise UserError(f"{named.folder}: no animal was found on photographs of {package}")
    write_folder(out, partial(_write, opened, extend(before, added)))
    individuals = {row["individualID"] for row in added if row["individualID"]}
    photographs = len({row["mediaID"] for row in added})
    return (
        f"{len(added)} observations of {photographs} photographs, {len(individuals)} individuals. "
        "The package's own photographs are not copied."
    )


def read_observations(path: Path) -> Observations:
    """Read a table whole; its columns without a name, and rows of an earlier export, are left out.

    A row with too few cells is filled; numbers with a decimal comma get a point.
    """
    header, rows = user_csv.split_file(path.name, user_csv.read_bytes(path), ["observationID"])
    names = [name.strip() for name in header[1]]
    user_csv.find_columns(path.name, header, ["observationID", "mediaID", "deploymentID"], "")
    places = [place for place, name in enumerate(names) if name]
    columns = [names[place] for place in places]
    key = columns.index("observationID")
    table = []
    for _, cells in rows:
        padded = [*cells, *[""] * (len(names) - len(cells))]
        row = [
            to_point(padded[place]) if names[place] in NUMBERS else padded[place]
            for place in places
        ]
        if not row[key].startswith(PREFIX):
            table.append(row)
    return Observations(columns, table)


def describe_media(
    media: pd.DataFrame, before: Observations, species: str
) -> dict[str, dict[str, str]]:
    """What every observation of a media file says, by mediaID.

    Its event is that of another observation of the same file; so is its species, if all of these
    agree and no `species` is given.
    """
    events: dict[str, str] = {}
    kinds: dict[str, set[str]] = {}
    for row in before.values():
        if row["mediaID"]:
            events.setdefault(row["mediaID"], row.get("eventID", ""))
            kinds.setdefault(row["mediaID"], set()).add(row.get("scientificName", ""))
    context = {}
    columns = ["mediaID", "deploymentID", "timestamp"]
    for identifier, deployment, time in media[columns].itertuples(index=False):
        known = kinds.get(identifier, set()) - {""}
        context[identifier] = {
            "deploymentID": deployment,
            "eventID": events.get(identifier, ""),
            "eventStart": time,
            "eventEnd": time,
            "scientificName": species or (next(iter(known)) if len(known) == 1 else ""),
        }
    return context


def list_observations(
    answers: list[Answer],
    media: Mapping[str, str],
    context: Mapping[str, Mapping[str, str]],
    fixed: Mapping[str, str],
) -> list[dict[str, str]]:
    """One observation per answer whose photograph is among the media (mediaID by photograph).

    Only an answer that names the animal has an individualID; its probability is that of the name.
    Of a new individual it is that of being none of the known ones; an unsure answer has none.
    """
    numbers: dict[str, int] = {}
    rows = []
    for answer in answers:
        if answer.photograph not in media:
            continue
        identifier = media[answer.photograph]
        number = numbers[identifier] = numbers.get(identifier, 0) + 1
        tags = [f"individual:{answer.result}"]
        tags += [f"unknownIndividual:{answer.group}"] if answer.group else []
        sure = answer.result != "unsure"
        rows.append(
            {
                **dict.fromkeys(TERMS, ""),
                **context[identifier],
                **fixed,
                **describe_box(answer),
                "observationID": f"{PREFIX}{identifier}-{number}",
                "mediaID": identifier,
                "observationLevel": MEDIA_LEVEL,
                "observationType": ANIMAL,
                "count": "1",
                "individualID": answer.name,
                "classificationMethod": "machine",
                "classificationProbability": f"{answer.probability:.4f}" if sure else "",
                "observationTags": " | ".join(tags),
                "observationComments": answer.describe(),
            }
        )
    return rows


def describe_box(answer: Answer) -> dict[str, str]:
    """The terms of the answer's box; none for a whole photograph."""
    if answer.box is None:
        return {}
    x, y, width, height = answer.box
    sides = max(width, SMALLEST), max(height, SMALLEST)
    return {name: f"{value:.6f}" for name, value in zip(BOX, (x, y, *sides), strict=True)}


def extend(before: Observations, added: list[dict[str, str]]) -> Observations:
    """The observations with added ones at the end; terms that are no columns become some."""
    columns = [*before.columns, *(term for term in TERMS if term not in before.columns)]
    surplus = len(columns) - len(before.columns)
    rows = [[*row, *[""] * surplus] for row in before.rows]
    rows += [[row.get(column, "") for column in columns] for row in added]
    return Observations(columns, rows)


def _write(package: Package, observations: Observations, folder: Path) -> None:
    """Write the new package: its other tables as they are, its observations as plain CSV."""
    content = json.loads(json.dumps(package.descriptor))
    for resource in content["resources"]:
        listed = resource.get("path")
        if resource.get("name") == "observations":
            for key in ("dialect", "hash", "bytes", "encoding"):
                resource.pop(key, None)
            resource["encoding"] = "utf-8"
        elif camtrap_dp.is_inside(listed) and (package.folder / listed).is_file():
            (folder / listed).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(package.folder / listed, folder / listed)
    if isinstance(content.get("project"), dict):
        content["project"]["individualAnimals"] = True
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([observations.columns, *observations.rows])
    target = folder / package.files["observations"].relative_to(package.folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.getvalue(), encoding="utf-8", newline="")
    text_of = json.dumps(content, indent=2, ensure_ascii=False)
    (folder / DESCRIPTOR).write_text(f"{text_of}\n", encoding="utf-8")
