"""What names and detections in COCO's JSON files have in common: images and boxes.

https://cocodataset.org/#format-data
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

import numpy as np

from pipeline.exchange.box_convention import is_relative
from pipeline.exchange.boxes import FoundBox

LISTS = ("images", "annotations")
ID = int | float | str


def is_coco(content: object) -> TypeGuard[dict[str, Any]]:
    """Whether the content of a JSON file is COCO's."""
    return isinstance(content, dict) and all(isinstance(content.get(key), list) for key in LISTS)


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


def _is_image(one: object, faults: list[str]) -> bool:
    if isinstance(one, dict) and isinstance(one.get("id"), ID) and find_file(one):
        return True
    faults.append(f"an image has no id or file_name: {one}")
    return False


def find_file(image: Mapping[str, Any]) -> str:
    """The file of an image; MiewID's files have its whole path, too."""
    return str(image.get("file_path") or image.get("file_name") or "")


def pair_with_images(
    annotations: list[Any], images: Mapping[Any, dict[str, Any]], faults: list[str]
) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
    """Each annotation with its number from 1 and its image; one without an image is a fault."""
    for number, one in enumerate(annotations, 1):
        key = one.get("image_id") if isinstance(one, dict) else None
        image = images.get(key) if isinstance(key, ID) else None
        if image is None:
            faults.append(f"annotation {number}: has no image_id of the images")
        else:
            yield number, one, image


def get(annotation: Mapping[str, Any], key: str) -> object:
    """A value of an annotation, or of its attributes."""
    attributes = annotation.get("attributes")
    if key in annotation or not isinstance(attributes, dict):
        return annotation.get(key)
    return attributes.get(key)


def is_relative_everywhere(annotations: list[Any]) -> bool:
    """Whether all boxes are fractions: COCO's are pixels, but not all programs keep to it."""
    boxes = [one["bbox"] for one in annotations if isinstance(one, dict) and _has_numbers(one)]
    return bool(boxes) and is_relative(np.array(boxes, float))


def _has_numbers(annotation: Mapping[str, Any]) -> bool:
    box = annotation.get("bbox")
    return isinstance(box, list) and len(box) == 4 and all(map(is_number, box))


def is_number(value: object) -> bool:
    """Whether a value of JSON is a finite number."""
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
    angle = float(theta) if is_number(theta) else 0.0  # type: ignore[arg-type]  # it is a number
    width, height = image.get("width"), image.get("height")
    if not relative and is_number(width) and is_number(height) and width and height:
        x, across, y, down = x / width, across / width, y / height, down / height
        relative = True
    return FoundBox(x, y, x + across, y + down, relative, angle=angle)
