"""Reading a detector's boxes from COCO's JSON files.

A detector's confidence is `score`, as in COCO's own format of results
(https://cocodataset.org/#format-results); a box without one was drawn by a person.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.exchange import coco
from pipeline.exchange.boxes import FoundBox
from pipeline.exchange.found_animals import ANIMAL, Detections, collect, is_animal
from pipeline.system.errors import Faults

SCORES = ("score", "confidence", "conf")  # the keys of a detector's confidence


def parse_detections(path: Path, content: dict[str, Any], threshold: float) -> Detections:
    """Read the boxes of animals; those of other categories are left out.

    path : of the file, for messages
    threshold : the least confidence of a detection that counts

    Raises UserError with all that is wrong.
    """
    faults: list[str] = []
    images = coco.index_images(content["images"], faults)
    files = [coco.find_file(image) for image in images.values()]
    faults += [f"{name} is listed twice" for name, count in Counter(files).items() if count > 1]
    annotations = content["annotations"]
    animals = list_animals(content.get("categories") or [])
    relative = coco.is_relative_everywhere(annotations)
    found: list[tuple[str, FoundBox]] = []
    below: list[tuple[str, float]] = []
    for number, one, image in coco.pair_with_images(annotations, images, faults):
        if animals is not None and one.get("category_id") not in animals:
            continue
        try:
            confidence, box = read_score(one), coco.read_box(one, image, relative)
        except ValueError as error:
            faults.append(f"annotation {number}: {error}")
            continue
        if box is None:
            continue
        if confidence >= threshold:
            found.append((coco.find_file(image), replace(box, confidence=confidence)))
        else:
            below.append((coco.find_file(image), confidence))
    if faults:
        raise Faults(path, faults)
    return collect(files, found, below, {})


def list_animals(categories: list[Any]) -> set[Any] | None:
    """The ids of the categories of animals; None if the file has no categories.

    They are those of the supercategory `animal`, as COCO's own, or with this name; in a file that
    has neither, all but people, vehicles and `empty`.
    """
    rows = [one for one in categories if isinstance(one, dict) and "id" in one]
    if not rows:
        return None
    words = {one["id"]: str(one.get("name", "")).strip().lower() for one in rows}
    above = {one["id"] for one in rows if str(one.get("supercategory", "")).lower() == ANIMAL}
    only = ANIMAL in words.values()
    return above or {key for key, word in words.items() if is_animal(word, only)}


def read_score(annotation: Mapping[str, Any]) -> float:
    """The confidence of an annotation, 1 without one; raises ValueError if it is none."""
    values = (coco.get(annotation, key) for key in SCORES)
    value = next((value for value in values if value is not None), 1.0)
    if not coco.is_number(value) or not 0 <= float(value) <= 1:  # type: ignore[arg-type]  # a number
        raise ValueError(f"its confidence is not between 0 and 1: {value}")
    return float(value)  # type: ignore[arg-type]
