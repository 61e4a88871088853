"""The animals on photographs, by the boxes that a detector has found, and their rows of answers."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from pipeline.exchange.boxes import FoundBox
from pipeline.exchange.detections import DetectionFiles, read_detections
from pipeline.exchange.found_animals import Detections
from pipeline.exchange.photograph_names import match_names
from pipeline.naming import cut_outs
from pipeline.naming.gallery import name_file
from pipeline.naming.workspace import Workspace
from pipeline.system.errors import Faults, UserError
from pipeline.system.threads import map_in_threads

logger = logging.getLogger(__name__)

EMPTY = "empty"  # the result of a photograph without a detected animal
BOX_COLUMNS = ["box_x", "box_y", "box_width", "box_height"]


@dataclass(frozen=True)
class Animal:
    """An animal on a photograph.

    photograph : as it is listed; file : of the photograph
    path : the file that is compared, with this animal alone; the photograph if it has no box
    number, count : which of the photograph's animals
    box : x, y, width and height in fractions of the photograph; confidence : the detector's
    note : what is to be known of it
    """

    photograph: str
    file: Path
    path: Path
    number: int = 1
    count: int = 1
    box: tuple[float, ...] = ()
    confidence: float | None = None
    note: str = ""

    @property
    def name(self) -> str:
        """How it is listed: no two animals have the same name."""
        several = f", animal {self.number} of {self.count}" if self.count > 1 else ""
        return f"{self.photograph}{several}"


@dataclass(frozen=True)
class Animals:
    """The animals on the new photographs, and why there is none on the others."""

    found: list[Animal]
    empty: dict[str, str]


def find_new(files: Mapping[str, Path], options: DetectionFiles, workspace: Workspace) -> Animals:
    """Cut the animals out of the new photographs (by name); without detections, list these.

    A photograph that the detector could not read, or that its file does not list, is one animal.
    """
    if options.new is None:
        return Animals([Animal(name, file, file) for name, file in files.items()], {})
    detections, entries = _read(options.new, options, files)
    empty = {
        name: _describe_empty(detections, entry, options.threshold)
        for name, entry in entries.items()
        if entry not in detections.failed and not detections.boxes[entry]
    }
    boxes = {name: detections.boxes.get(entry, []) for name, entry in entries.items()}
    rest = {name: file for name, file in files.items() if name not in empty}
    animals = _cut_all(str(options.new), rest, boxes, workspace)
    notes = {name: _note(detections, entries.get(name)) for name in rest}
    return Animals([replace(one, note=notes[one.photograph]) for one in animals], empty)


def cut_catalogue(
    listed: pd.DataFrame, folder: Path, options: DetectionFiles, workspace: Workspace
) -> tuple[pd.DataFrame, list[str]]:
    """Cut the animals out of the catalogue's photographs (columns path, name).

    Returns the table with the photographs in the column file, and sentences on what was chosen: if
    there are several animals, the one with the highest confidence is taken for the named one. If
    the table has a column box, each row is about the animal in its box.
    """
    listed = listed.assign(file=listed["path"])
    if "box" in listed and listed["box"].notna().any():
        if options.catalogue is not None:
            raise UserError("the catalogue has boxes of its own: leave out --catalogue-detections")
        return cut_listed(listed, folder, workspace)
    if options.catalogue is None:
        return listed, []
    files = {name_file(path, folder): path for path in listed["path"]}
    detections, entries = _read(options.catalogue, options, files)
    found = {name: detections.boxes.get(entry, []) for name, entry in entries.items()}
    one_each = {name: boxes[:1] for name, boxes in found.items()}
    animals = _cut_all(str(options.catalogue), files, one_each, workspace)
    paths = {one.file: one.path for one in animals}
    several = [name for name, boxes in found.items() if len(boxes) > 1]
    without = [name for name in files if not found.get(name)]
    sentences = _count(
        several,
        "Photographs of the catalogue with several animals, of which the one that the detector is "
        "most sure of is taken for the one with the name",
    ) + _count(
        without, "Photographs of the catalogue without a detected animal, compared as a whole"
    )
    return listed.assign(path=listed["path"].map(paths)), sentences


def cut_listed(
    listed: pd.DataFrame, folder: Path, workspace: Workspace
) -> tuple[pd.DataFrame, list[str]]:
    """Cut out the animal of each row (columns path, box), and say how many rows have a box."""
    names = [f"row {row}, {name_file(path, folder)}" for row, path in listed["path"].items()]
    files = dict(zip(names, listed["path"], strict=True))
    boxes = {name: [box] if box else [] for name, box in zip(names, listed["box"], strict=True)}
    cut = _cut_all("the catalogue's boxes", files, boxes, workspace)
    with_box = sum(map(bool, boxes.values()))
    text = f"Photographs of the catalogue that are cut out by its own boxes: {with_box}."
    paths = pd.Series([one.path for one in cut], listed.index, dtype=object)
    return listed.assign(path=paths), [text]


def _count(names: list[str], text: str) -> list[str]:
    more = ", ..." if len(names) > 3 else ""
    return [f"{text}: {len(names)} ({', '.join(names[:3])}{more})."] if names else []


def _read(
    path: Path, options: DetectionFiles, files: Mapping[str, Path]
) -> tuple[Detections, dict[str, str]]:
    """The detections, and the entry of each photograph that has one."""
    detections = read_detections(path, options.threshold, options.boxes)
    return detections, match_names(path.name, detections.names, files)


def _describe_empty(detections: Detections, entry: str, threshold: float) -> str:
    best = detections.below.get(entry)
    most = f" (the most likely one: {best:.2f})" if best is not None else ""
    return f"no animal was detected with a confidence of {threshold:g} or more{most}"


def _note(detections: Detections, entry: str | None) -> str:
    if entry is None:
        return "not among the detections: compared as a whole"
    if entry in detections.failed:
        return f"the detector failed ({detections.failed[entry]}): compared as a whole"
    return ""


def _cut_all(
    source: str,
    files: Mapping[str, Path],
    boxes: Mapping[str, Sequence[FoundBox]],
    workspace: Workspace,
) -> list[Animal]:
    """The animals on all photographs. Raises Faults with boxes that are outside of theirs."""
    items = [(name, file, boxes.get(name, [])) for name, file in files.items()]
    cut = map_in_threads(partial(_cut, workspace=workspace), items, "cutting out")
    if faults := [result for result in cut if isinstance(result, str)]:
        raise Faults(source, faults)
    return [animal for result in cut if not isinstance(result, str) for animal in result]


def _cut(item: tuple[str, Path, Sequence[FoundBox]], workspace: Workspace) -> list[Animal] | str:
    """The animals on one photograph, or what is wrong with a box."""
    name, file, boxes = item
    if not boxes:
        return [Animal(name, file, file)]
    try:
        cut = cut_outs.cut_out(file, boxes, workspace)
    except UserError:
        return [Animal(name, file, file)]  # it can't be read, as will be said of all of them
    except ValueError as error:
        return f"{name}: {error}"
    return [
        Animal(name, file, path, n, len(boxes), place, box.confidence)
        for n, (box, (path, place)) in enumerate(zip(boxes, cut, strict=True), 1)
    ]


def add_places(
    table: pd.DataFrame, found: Mapping[str, Animal], empty: Mapping[str, str]
) -> pd.DataFrame:
    """The table of answers with the photograph, the number and the box of each animal.

    table : by the animals' names, in the order of `found`

    Photographs without an animal (and why) follow, with the result EMPTY.
    """
    rows = list(found.values())
    table = table.assign(
        photograph=[one.photograph for one in rows],
        animal=[describe_number(one) for one in rows],
        detection=["" if one.confidence is None else round(one.confidence, 4) for one in rows],
    )
    for place, column in enumerate(BOX_COLUMNS):
        table[column] = [round(one.box[place], 6) if one.box else "" for one in rows]
    without = pd.DataFrame({"photograph": list(empty), "result": EMPTY, "note": empty.values()})
    joined = pd.concat([table, without.astype(object)], ignore_index=True)
    return joined[table.columns].fillna("").sort_values("photograph", kind="stable")


def describe_number(animal: Animal) -> str:
    """Which of its photograph's animals it is, as in answers.csv; "" for the whole photograph."""
    return f"{animal.number} of {animal.count}" if animal.box else ""


def describe_places(found: list[Animal], empty: Mapping[str, str]) -> list[str]:
    """Sentences on photographs of several animals, and of none."""
    several = list(dict.fromkeys(one.photograph for one in found if one.count > 1))
    whole = [one.photograph for one in found if one.note]
    return [
        *_count(several, "Photographs with several animals, each with an answer of its own"),
        *_count(list(empty), "Photographs without a detected animal, and without an answer"),
        *_count(whole, "Photographs without detections, compared as a whole"),
    ]
