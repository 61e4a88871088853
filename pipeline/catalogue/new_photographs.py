"""New photographs as the test of a competition, and the boxes of a detector.

A competition's photograph shows one animal: of several, each is cut out.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.catalogue.other_programs import BOX
from pipeline.data import photograph_files
from pipeline.data.competition_directory import ORIGIN
from pipeline.data.path_text import to_text
from pipeline.data.photograph_files import LeftOut
from pipeline.exchange.boxes import FoundBox, widen
from pipeline.exchange.detections import DetectionFiles, read_detections
from pipeline.exchange.photograph_names import match_names
from pipeline.system.errors import UserError

MARGIN = 0.1  # around a box that is cut out, on each side
UNSEEN = "no animal was detected with a confidence of {:g} or more"


def list_photographs(
    folder: Path, detections: DetectionFiles, left_out: list[LeftOut]
) -> pd.DataFrame:
    """One row per animal on the photographs of a folder: path, identity (""), box and ORIGIN.

    Photographs without a detected animal are added to `left_out`; those that the file of detections
    does not list, or that the detector could not read, are one animal. Raises UserError if there
    are none.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}: check its name")
    listing = photograph_files.list_tree(folder)
    left_out += listing.left_out
    photograph_files.log_left_out(str(folder), listing.left_out)
    files = {path.as_posix(): folder / path for path in listing.photographs}
    if not files:
        raise UserError(f"{folder} has no photographs: put those to be named there")
    found = find_boxes(detections.new, detections, files) if detections.new else {}
    rows = []
    for name, file in files.items():
        boxes: Sequence[FoundBox | None] = found.get(name, [None])
        reason = UNSEEN.format(detections.threshold)
        left_out += [] if boxes else [LeftOut(Path(name), reason)]
        for number, box in enumerate(boxes, 1):
            animal = f"{number} of {len(boxes)}" if box else ""
            confidence = f"{box.confidence:.4f}" if box else ""
            rows.append((file, "", box, name, animal, confidence))
    if not rows:
        raise UserError(f"there is no animal on the photographs in {folder} (--threshold)")
    columns = ["path", "identity", "box", *ORIGIN[:3]]
    return pd.DataFrame(rows, columns=columns).astype(object)


def add_boxes(table: pd.DataFrame, folder: Path, detections: DetectionFiles) -> pd.DataFrame:
    """A catalogue's photographs (column path) with the box of the surest animal on each.

    folder : the catalogue's. Raises UserError if the table has boxes already.
    """
    if detections.catalogue is None:
        return table
    if "box" in table and table["box"].notna().any():
        raise UserError("the catalogue has boxes of its own: leave out --catalogue-detections")
    files = dict(zip(list_names(table["path"], folder), table["path"], strict=True))
    found = find_boxes(detections.catalogue, detections, files)
    boxes = {file: found.get(name, [None]) for name, file in files.items()}
    first = [boxes[path][0] if boxes[path] else None for path in table["path"]]
    return table.assign(box=pd.Series(first, table.index, dtype=object))


def list_names(paths: Iterable[Path], folder: Path) -> list[str]:
    """Photographs as they are listed: from the folder if they are inside."""
    inside = [path.relative_to(folder) if path.is_relative_to(folder) else path for path in paths]
    return [to_text(path) for path in inside]


def find_boxes(
    path: Path, detections: DetectionFiles, files: Mapping[str, Path]
) -> dict[str, list[FoundBox]]:
    """The boxes of the photographs (by name) that a file of detections is about."""
    read = read_detections(path, detections.threshold, detections.boxes)
    entries = match_names(path.name, read.names, files)
    return {name: read.boxes[entry] for name, entry in entries.items() if entry in read.boxes}


def cut_apart(table: pd.DataFrame, sizes: Mapping[Path, tuple[int, int]]) -> pd.DataFrame:
    """New photographs with their boxes as ORIGIN has them, and the part of those with several.

    table : with the columns BOX, in pixels; sizes : width and height of each photograph

    The column `cut` is the part that is written in place of the photograph, None for all of it, and
    BOX is then within that part.
    """
    several = table["path"].duplicated(keep=False).tolist()
    cuts: list[tuple[int, int, int, int] | None] = []
    places: list[tuple[str, ...]] = []
    inside: list[tuple[Any, ...]] = []
    for (path, *box), is_one in zip(table[["path", *BOX]].to_numpy(), several, strict=True):
        cuts.append(None)
        places.append(("",) * 4)
        inside.append(tuple(box))
        if pd.isna(box[0]):
            continue
        width, height = sizes[path]
        x0, y0, x1, y1 = map(int, box)
        place = (x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height)
        places[-1] = tuple(f"{value:.6f}" for value in place)
        if is_one:
            cut = widen((x0, y0, x1, y1), width, height, MARGIN)
            cuts[-1] = cut
            inside[-1] = (x0 - cut[0], y0 - cut[1], x1 - cut[0], y1 - cut[1])
    boxes = {
        name: pd.array([box[at] for box in inside], dtype="Int64") for at, name in enumerate(BOX)
    }
    origin = {name: [place[at] for place in places] for at, name in enumerate(ORIGIN[3:])}
    return table.assign(cut=pd.Series(cuts, table.index, dtype=object), **origin, **boxes)
