"""Reading named animals from COCO's JSON files.

https://cocodataset.org/#format-data says nothing of individuals. These are keys of annotations, or
of their `attributes`: `individual_ids` (a list) and `name` in the files of Wild Me, others' by
words that are usual; or each individual is a category, as in an export of ours.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.exchange import coco
from pipeline.exchange.json_file import read_json
from pipeline.exchange.listed import Listed, select_named
from pipeline.system.errors import Faults, UserError

KEYS = (
    *("individual", "individual_id", "individualID", "individual_ids", "individual_name"),
    *("identity", "name"),
)
CATEGORY = "category"  # the key by which the user says that categories are individuals
INDIVIDUAL = "individual"  # the supercategory of such categories


def read(path: Path, identity: str = "") -> list[Listed]:
    """Read the annotations with an individual; `row` is the place in the list of annotations.

    identity : the key that names individuals, or CATEGORY

    Boxes in pixels become fractions where the size of the image is given, so that they fit copies
    of another size. Raises UserError with all that is wrong.
    """
    content = read_json(path)
    if not coco.is_coco(content):
        raise UserError(
            f"{path.name}: is no COCO file: lists {' and '.join(coco.LISTS)} are expected. A file "
            "of MegaDetector has no names: give it to --catalogue-detections"
        )
    faults: list[str] = []
    images = coco.index_images(content["images"], faults)
    annotations = content["annotations"]
    categories = {
        one.get("id"): one for one in content.get("categories") or [] if isinstance(one, dict)
    }
    key = identity or find_key(path.name, annotations, categories)
    relative = coco.is_relative_everywhere(annotations)
    animals = []
    for number, one, image in coco.pair_with_images(annotations, images, faults):
        try:
            box = coco.read_box(one, image, relative)
        except ValueError as error:
            faults.append(f"annotation {number}: {error}")
            continue
        name = read_name(one, key, categories)
        extra = [one.get("viewpoint"), image.get("date_captured") or image.get("datetime")]
        viewpoint, date = (str(value) if value else "" for value in extra)
        animals.append(Listed(coco.find_file(image), name, number, box, date, viewpoint))
    if faults:
        raise Faults(path, faults)
    return select_named(path.name, key, animals)


def find_key(source: str, annotations: list[Any], categories: Mapping[Any, Any]) -> str:
    """The key that names individuals: one of KEYS that has a value, or CATEGORY.

    Raises UserError if there is none.
    """
    rows = [one for one in annotations if isinstance(one, dict)]
    for key in KEYS:
        if any(coco.get(one, key) not in (None, "", []) for one in rows):
            return key
    if any(one.get("supercategory") == INDIVIDUAL for one in categories.values()):
        return CATEGORY
    keys = sorted({key for one in rows for key in (*one, *(one.get("attributes") or {}))})
    raise UserError(
        f"{source}: no annotation names an individual; their keys are {', '.join(keys)}: name the "
        f"one that does with --identity, or --identity {CATEGORY} if each category is an individual"
    )


def read_name(annotation: Mapping[str, Any], key: str, categories: Mapping[Any, Any]) -> str:
    """The individual of an annotation, "" without one."""
    if key == CATEGORY:
        category = categories.get(annotation.get("category_id"), {})
        other = category.get("supercategory") not in (INDIVIDUAL, None)
        marked = any(one.get("supercategory") == INDIVIDUAL for one in categories.values())
        return "" if marked and other else str(category.get("name", ""))
    value = coco.get(annotation, key)
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return "" if value is None else str(value)
