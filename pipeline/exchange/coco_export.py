"""Answers as COCO: images, annotations with their boxes, and categories.

https://cocodataset.org/#format-data. An annotation without a box is about the whole photograph, as
in COCO Camera Traps (https://github.com/agentmorris/MegaDetector, data_management).
"""

import json
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.data import image_header, images, tables
from pipeline.exchange.named_folder import Answer, NamedFolder, check_files
from pipeline.system.threads import map_in_threads

INDIVIDUAL, RESULT = "individual", "result"  # what a category is: its `supercategory`
QUARTER_TURNED = 5  # from this orientation of EXIF on, width and height are exchanged


def export(named: NamedFolder, out: Path, species: str, version: str) -> str:
    """Write the answers as one JSON file; returns a sentence on what it has.

    species : if given, the one category, with the individual as an attribute; else each individual
        is a category, and so are answers without a name

    Boxes are in pixels of the photographs as they are shown. Raises UserError if a photograph is
    not where it was.
    """
    files = named.files
    check_files(files.values())
    measured = map_in_threads(read_upright_size, list(files.values()), "sizes")
    sizes = dict(zip(files, measured, strict=True))
    images_by_name = {
        name: {"id": number, "file_name": name, "width": width, "height": height}
        for number, (name, (width, height)) in enumerate(sizes.items(), 1)
    }
    answers = named.with_animals
    categories = list_categories(answers, species)
    annotations = [
        describe(number, answer, images_by_name[answer.photograph], categories, species)
        for number, answer in enumerate(answers, 1)
    ]
    content = {
        "info": {"description": "Individuals named by Tailprint", "version": version},
        "images": list(images_by_name.values()),
        "annotations": annotations,
        "categories": list(categories.values()),
    }
    tables.replace(out, partial(write_json, content=content))
    boxes = sum("bbox" in one for one in annotations)
    return f"{len(sizes)} images, {len(annotations)} annotations, {boxes} of them with a box"


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")


def read_upright_size(file: Path) -> tuple[int, int]:
    """Width and height of a photograph as it is shown, turned by its EXIF orientation."""
    header = image_header.read_header(file)
    if header.orientation == 1:
        return header.width, header.height
    if header.format == "JPEG":
        turned = header.orientation >= QUARTER_TURNED
        return (header.height, header.width) if turned else (header.width, header.height)
    return images.read_size(file)


def list_categories(answers: list[Answer], species: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The categories by what they are (INDIVIDUAL, RESULT or "") and their name."""
    if species:
        keys = [("", species)]
    else:
        names = sorted({answer.name for answer in answers if answer.named})
        results = sorted({answer.result for answer in answers if not answer.named})
        keys = [(INDIVIDUAL, name) for name in names] + [(RESULT, name) for name in results]
    return {
        (kind, name): {"id": number, "name": name} | ({"supercategory": kind} if kind else {})
        for number, (kind, name) in enumerate(keys, 1)
    }


def describe(
    number: int,
    answer: Answer,
    image: dict[str, Any],
    categories: dict[tuple[str, str], dict[str, Any]],
    species: str,
) -> dict[str, Any]:
    """The annotation of one answer."""
    key = (INDIVIDUAL, answer.name) if answer.named else (RESULT, answer.result)
    annotation = {
        "id": number,
        "image_id": image["id"],
        "category_id": categories[("", species) if species else key]["id"],
        "iscrowd": 0,
        "attributes": {
            "individual": answer.name,
            "probability": answer.probability,
            "result": answer.result,
            "unknown_group": answer.group,
        },
    }
    if answer.box is None:
        return annotation
    width, height = image["width"], image["height"]
    x, y, across, down = answer.box
    box = [round(value, 2) for value in (x * width, y * height, across * width, down * height)]
    return annotation | {"bbox": box, "area": round(box[2] * box[3], 2)}
