"""Reading named animals, or a detector's boxes, from COCO's JSON files.

https://cocodataset.org/#format-data says nothing of individuals. These are keys of annotations, or
of their `attributes`: `individual_ids` (a list) and `name` in the files of Wild Me, others' by
words that are usual; or each individual is a category, as in an export of ours.

A detector's confidence is `score`, as in COCO's own format of results
(https://cocodataset.org/#format-results); a box without one was drawn by a person.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from pipeline.exchange.box_convention import is_relative
from pipeline.exchange.boxes import FoundBox
from pipeline.exchange.found_animals import ANIMAL, Detections, collect, is_animal
from pipeline.exchange.json_file import read_json
from pipeline.exchange.listed import Listed, select_named
from pipeline.system.errors import Faults, UserError

KEYS = (
    *("individual", "individual_id", "individualID", "individual_ids", "individual_name"),
    *("identity", "name"),
)
CATEGORY = "category"  # the key by which the user says that categories are individuals
INDIVIDUAL = "individual"  # the supercategory of such categories
LISTS = ("images", "annotations")
SCORES = ("score", "confidence", "conf")  # the keys of a detector's confidence


def read(path: Path, identity: str = "") -> list[Listed]:
    """Read the annotations with an individual; `row` is the place in the list of annotations.

    identity : the key that names individuals, or CATEGORY

    Boxes in pixels become fractions where the size of the image is given, so that they fit copies
    of another size. Raises UserError with all that is wrong.
    """
    content = read_json(path)
    if not is_coco(content):
        raise UserError(
            f"{path.name}: is no COCO file: lists {' and '.join(LISTS)} are expected. A file of "
            "MegaDetector has no names: give it to --catalogue-detections"
        )
    faults: list[str] = []
    images = index_images(content["images"], faults)
    annotations = content["annotations"]
    categories = {
        one.get("id"): one for one in content.get("categories") or [] if isinstance(one, dict)
    }
    key = identity or find_key(path.name, annotations, categories)
    relative = is_relative_everywhere(annotations)
    animals = []
    for number, one in enumerate(annotations, 1):
        image = images.get(one.get("image_id")) if isinstance(one, dict) else None
        if image is None:
            faults.append(f"annotation {number}: has no image_id of the images")
            continue
        try:
            box = read_box(one, image, relative)
        except ValueError as error:
            faults.append(f"annotation {number}: {error}")
            continue
        name = read_name(one, key, categories)
        extra = [one.get("viewpoint"), image.get("date_captured") or image.get("datetime")]
        viewpoint, date = (str(value) if value else "" for value in extra)
        animals.append(Listed(find_file(image), name, number, box, date, viewpoint))
    if faults:
        raise Faults(path, faults)
    return select_named(path.name, key, animals)


def index_images(listed: list[Any], faults: list[str]) -> dict[Any, dict[str, Any]]:
    """The images of a file by their ids."""
    images: dict[Any, dict[str, Any]] = {}
    for one in listed:
        if _is_image(one, faults):
            if find_file(images.get(one["id"], one)) != find_file(one):
                faults.append(
                    f"the id {one['id']} is given to {find_file(images[one['id']])} and to "
                    f"{find_file(one)}: of two files that were joined, number one anew"
                )
            images.setdefault(one["id"], one)
    return images


def is_coco(content: object) -> TypeGuard[dict[str, Any]]:
    """Whether the content of a JSON file is COCO's."""
    return isinstance(content, dict) and all(isinstance(content.get(key), list) for key in LISTS)


def parse_detections(path: Path, content: dict[str, Any], threshold: float) -> Detections:
    """Read the boxes of animals; those of other categories are left out.

    path : of the file, for messages
    threshold : the least confidence of a detection that counts

    Raises UserError with all that is wrong.
    """
    faults: list[str] = []
    images = index_images(content["images"], faults)
    files = [find_file(image) for image in images.values()]
    faults += [f"{name} is listed twice" for name, count in Counter(files).items() if count > 1]
    annotations = content["annotations"]
    animals = list_animals(content.get("categories") or [])
    relative = is_relative_everywhere(annotations)
    found: list[tuple[str, FoundBox]] = []
    below: list[tuple[str, float]] = []
    for number, one in enumerate(annotations, 1):
        image = images.get(one.get("image_id")) if isinstance(one, dict) else None
        if image is None:
            faults.append(f"annotation {number}: has no image_id of the images")
            continue
        if animals is not None and one.get("category_id") not in animals:
            continue
        try:
            confidence, box = read_score(one), read_box(one, image, relative)
        except ValueError as error:
            faults.append(f"annotation {number}: {error}")
            continue
        if box is None:
            continue
        if confidence >= threshold:
            found.append((find_file(image), replace(box, confidence=confidence)))
        else:
            below.append((find_file(image), confidence))
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
    values = (get(annotation, key) for key in SCORES)
    value = next((value for value in values if value is not None), 1.0)
    if not _is_number(value) or not 0 <= float(value) <= 1:  # type: ignore[arg-type]  # a number
        raise ValueError(f"its confidence is not between 0 and 1: {value}")
    return float(value)  # type: ignore[arg-type]


def _is_image(one: object, faults: list[str]) -> bool:
    if isinstance(one, dict) and isinstance(one.get("id"), int | float | str) and find_file(one):
        return True
    faults.append(f"an image has no id or file_name: {one}")
    return False


def find_file(image: Mapping[str, Any]) -> str:
    """The file of an image; MiewID's files have its whole path, too."""
    return str(image.get("file_path") or image.get("file_name") or "")


def find_key(source: str, annotations: list[Any], categories: Mapping[Any, Any]) -> str:
    """The key that names individuals: one of KEYS that has a value, or CATEGORY.

    Raises UserError if there is none.
    """
    rows = [one for one in annotations if isinstance(one, dict)]
    for key in KEYS:
        if any(get(one, key) not in (None, "", []) for one in rows):
            return key
    if any(one.get("supercategory") == INDIVIDUAL for one in categories.values()):
        return CATEGORY
    keys = sorted({key for one in rows for key in (*one, *(one.get("attributes") or {}))})
    raise UserError(
        f"{source}: no annotation names an individual; their keys are {', '.join(keys)}: name the "
        f"one that does with --identity, or --identity {CATEGORY} if each category is an individual"
    )


def get(annotation: Mapping[str, Any], key: str) -> object:
    """A value of an annotation, or of its attributes."""
    attributes = annotation.get("attributes")
    if key in annotation or not isinstance(attributes, dict):
        return annotation.get(key)
    return attributes.get(key)


def read_name(annotation: Mapping[str, Any], key: str, categories: Mapping[Any, Any]) -> str:
    """The individual of an annotation, "" without one."""
    if key == CATEGORY:
        category = categories.get(annotation.get("category_id"), {})
        other = category.get("supercategory") not in (INDIVIDUAL, None)
        marked = any(one.get("supercategory") == INDIVIDUAL for one in categories.values())
        return "" if marked and other else str(category.get("name", ""))
    value = get(annotation, key)
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return "" if value is None else str(value)


def is_relative_everywhere(annotations: list[Any]) -> bool:
    """Whether all boxes are fractions: COCO's are pixels, but not all programs keep to it."""
    boxes = [one["bbox"] for one in annotations if isinstance(one, dict) and _has_numbers(one)]
    return bool(boxes) and is_relative(np.array(boxes, float))


def _has_numbers(annotation: Mapping[str, Any]) -> bool:
    box = annotation.get("bbox")
    return isinstance(box, list) and len(box) == 4 and all(map(_is_number, box))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def read_box(
    annotation: Mapping[str, Any], image: Mapping[str, Any], relative: bool
) -> FoundBox | None:
    """The box of an annotation, None without one; raises ValueError if it is none."""
    if annotation.get("bbox") in (None, []):
        return None
    if not _has_numbers(annotation) or min(annotation["bbox"][2:]) <= 0:
        raise ValueError(f"its box is not x, y, width and height: {annotation['bbox']}")
    x, y, across, down = map(float, annotation["bbox"])
    theta = annotation.get("theta")
    angle = float(theta) if _is_number(theta) else 0.0  # type: ignore[arg-type]  # it is a number
    width, height = image.get("width"), image.get("height")
    if not relative and _is_number(width) and _is_number(height) and width and height:
        x, across, y, down = x / width, across / width, y / height, down / height
        relative = True
    return FoundBox(x, y, x + across, y + down, relative, angle=angle)
