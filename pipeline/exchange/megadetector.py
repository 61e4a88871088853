"""Reading boxes of animals from the JSON files of MegaDetector and of programs like it.

Three layouts go by this name:

* `images`, each with `file`, and `detections` or `failure`: MegaDetector's own, which Timelapse,
  AddaxAI and SpeciesNet use, too (https://lila.science/megadetector-output-format);
* a list of such images: https://microsoft.github.io/MegaDetector/output_format/;
* `annotations`, each with `img_id` and lists `bbox`, `category` and `confidence`:
  Pytorch-Wildlife's `save_detection_json` (https://github.com/microsoft/Biodiversity).

In the last two, boxes are corners in pixels.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.exchange.box_convention import (
    ROUNDING,
    find_convention,
    is_relative,
    to_box,
)
from pipeline.exchange.boxes import Convention, FoundBox
from pipeline.exchange.found_animals import ANIMAL, THRESHOLD, Detections, collect, is_animal
from pipeline.system.errors import Faults, UserError

SIDE_BY_SIDE = ("category", "confidence")  # the keys of lists beside `bbox`
DOCUMENTED = "https://lila.science/megadetector-output-format"


@dataclass(frozen=True)
class _Row:
    """One detection as it is written; place: where, for messages."""

    photograph: str
    place: str
    category: object
    confidence: object
    numbers: object


def parse_detections(
    path: Path, content: object, threshold: float = THRESHOLD, stated: Convention | None = None
) -> Detections:
    """Read the animals of the content of a JSON file; other categories are left out.

    path : of the file, for messages
    threshold : the least confidence of a detection that counts
    stated : what the user says about the four numbers of boxes

    Raises UserError with all that is wrong, and if it is not certain what the numbers mean.
    """
    faults: list[str] = []
    names, failed, rows = _list_rows(content, faults)
    if faults:
        raise Faults(path, faults)
    animals = _select_animals(path, rows, _name_categories(content))
    confidences = [_read_confidence(row, faults) for row in animals]
    pairs = list(zip(animals, confidences, strict=True))
    faults += [_describe(row) for row, value in pairs if value >= threshold and not _is_box(row)]
    if faults:
        raise Faults(path, faults)
    # the boxes below the threshold say as well what the numbers mean
    matrix = np.array([row.numbers for row in animals if _is_box(row)], float).reshape(-1, 4)
    documented = None if isinstance(content, dict) and "images" in content else Convention.corners
    convention = find_convention(path.name, matrix, stated, documented)
    relative = is_relative(matrix)
    found: list[tuple[str, FoundBox]] = []
    below: list[tuple[str, float]] = []
    for row, value in pairs:
        if value >= threshold:
            box = to_box(row.numbers, convention, relative, value)  # type: ignore[arg-type]
            found.append((row.photograph, box))
        else:
            below.append((row.photograph, value))
    return collect(names, found, below, failed)


def _list_rows(content: object, faults: list[str]) -> tuple[list[str], dict[str, str], list[_Row]]:
    """The photographs without a failure, the failures, and all detections."""
    entries, key = content, "file"
    if isinstance(content, dict):
        key = "file" if "images" in content else "img_id"
        entries = content.get("images", content.get("annotations"))
    if not isinstance(entries, list):
        faults.append(f"has no list of images: expected the format of {DOCUMENTED}")
        return [], {}, []
    names: dict[str, None] = {}
    failed: dict[str, str] = {}
    rows: list[_Row] = []
    for number, entry in enumerate(entries, 1):
        name = entry.get(key) if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name.strip():
            faults.append(f"image {number} has no {key}")
        elif name in names or name in failed:
            faults.append(f"image {number}: {name} is listed twice")
        elif entry.get("failure"):
            failed[name] = str(entry["failure"])
        else:
            names[name] = None
            rows += _list_detections(name, entry, faults)
    return list(names), failed, rows


def _list_detections(name: str, entry: Mapping[str, Any], faults: list[str]) -> list[_Row]:
    """The detections of one photograph: a list of objects, or lists side by side."""
    found = entry.get("detections") or []
    if "bbox" in entry:
        keys = ("det_category", "det_confidence") if "det_category" in entry else SIDE_BY_SIDE
        columns = [entry.get(key) for key in (*keys, "bbox")]
        lists = [column for column in columns if isinstance(column, list)]
        if len(lists) < 3 or len({len(column) for column in lists}) > 1:
            faults.append(f"{name}: {', '.join(keys)} and bbox are not lists of one length")
            return []
        rows = list(zip(*lists, strict=True))
    elif isinstance(found, list) and all(isinstance(one, dict) for one in found):
        rows = [
            (one.get("category"), one.get("conf", one.get("confidence")), one.get("bbox"))
            for one in found
        ]
    else:
        faults.append(f"{name}: its detections are no list of objects")
        return []
    return [_Row(name, f"{name}, detection {n}", *row) for n, row in enumerate(rows, 1)]


def _name_categories(content: object) -> dict[str, str]:
    """The file's names of categories, in lower case, by their code."""
    if not isinstance(content, dict):
        return {}
    keys = ("detection_categories", "det_categories", "categories")
    for key in keys:
        if isinstance(content.get(key), dict):
            return {str(code): str(name).strip().lower() for code, name in content[key].items()}
    return {}


def _select_animals(path: Path, rows: list[_Row], names: Mapping[str, str]) -> list[_Row]:
    """The detections of animals: MegaDetector's code of them is 1, Pytorch-Wildlife's is 0.

    Raises UserError if the file does not say which are. In a file of another detector, which names
    species, all are but people and vehicles.
    """
    words = [str(row.category).strip().lower() for row in rows]
    named = [names.get(word, "" if word.isdigit() else word) for word in words]
    if "" in named:
        raise UserError(
            f"{path.name}: has no detection_categories that name {rows[named.index('')].category}: "
            'add them to the file, such as {"1": "animal", "2": "person", "3": "vehicle"}'
        )
    only = ANIMAL in names.values() or ANIMAL in named
    return [row for row, name in zip(rows, named, strict=True) if is_animal(name, only)]


def _is_box(row: _Row) -> bool:
    """Whether a detection has four numbers that can be a box."""
    cells = row.numbers
    if not isinstance(cells, list) or len(cells) != 4 or not all(map(_is_number, cells)):
        return False
    return min(cells) >= -ROUNDING and min(cells[2:]) > 0


def _describe(row: _Row) -> str:
    return f"{row.place}: its box is not four numbers of a place and a size: {row.numbers}"


def _read_confidence(row: _Row, faults: list[str]) -> float:
    value = row.confidence
    if _is_number(value) and 0 <= float(value) <= 1:  # type: ignore[arg-type]  # it is a number
        return float(value)  # type: ignore[arg-type]
    faults.append(f"{row.place}: its confidence is not between 0 and 1: {value}")
    return 0.0


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
