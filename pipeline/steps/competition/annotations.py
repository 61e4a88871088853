"""The optional annotations of a competition: masks, boxes and viewpoints, with their faults."""

import contextlib
import logging
from pathlib import Path

import pandas as pd

from pipeline.data import given_masks, photograph_files, tables
from pipeline.data.pixels_in_flight import IN_FLIGHT
from pipeline.params import Columns
from pipeline.steps.competition import checks
from pipeline.steps.competition.listing import Annotations
from pipeline.system.errors import UserError
from pipeline.system.threads import map_in_threads

logger = logging.getLogger(__name__)

# by image; only boxes of four whole numbers
Boxes = dict[str, tuple[int, int, int, int]]


def read_annotations(
    path: Path, columns: Columns, table: pd.DataFrame, faults: list[str]
) -> Annotations:
    """Read masks/ and boxes.csv, both optional, and say how many are given.

    table : table "images" and `orientation`, EXIF's; widths are 0 of those that can't be read
    faults : what is wrong is added
    """
    box_faults: list[str] = []
    rows = _read_boxes(path / "boxes.csv", columns, box_faults)
    boxes = _parse_boxes(rows)
    masks = _list_masks(path / "masks")
    mask_faults = check_masks(masks, table, boxes)
    found = mask_faults + box_faults + _check_boxes(rows, table)
    if (masks or boxes) and not found:
        print(f"competition: {len(boxes)} boxes and {len(masks)} masks are given", flush=True)
        _log_turned(table, {mask.stem for mask in masks}, boxes)
    faults += found
    return Annotations(_tabulate(boxes), _assign_masks(masks, table), {})


def _tabulate(boxes: Boxes) -> pd.DataFrame:
    rows = [(name, *corners) for name, corners in boxes.items()]
    return pd.DataFrame(rows, columns=tables.COLUMNS["given_boxes"])


def _assign_masks(masks: list[Path], table: pd.DataFrame) -> dict[str, Path]:
    """The mask of every image that has one."""
    files = {mask.stem: mask for mask in masks}
    return {name: files[Path(name).stem] for name in table["image"] if Path(name).stem in files}


def check_masks(masks: list[Path], table: pd.DataFrame, boxes: Boxes) -> list[str]:
    """Find masks of no image or two, of another size than their image, or without a clear meaning.

    A mask has one fault at most; every other one is used by the stage `crop`.
    """
    images_of: dict[str, list[tuple[str, int, int]]] = {}
    for name, width, height in zip(table["image"], table["width"], table["height"], strict=True):
        images_of.setdefault(Path(name).stem, []).append((name, width, height))

    def find_fault(mask: Path) -> str:
        fault = _find_name_fault(mask, len(images_of.get(mask.stem, [])))
        return fault or _find_mask_fault(mask, *images_of[mask.stem][0], boxes)

    faults = map_in_threads(find_fault, masks, "masks") if masks else []
    return [fault for fault in faults if fault]


def _list_masks(folder: Path) -> list[Path]:
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [entry for entry in entries if not photograph_files.is_rubbish(entry.name)]


def _find_name_fault(mask: Path, count: int) -> str:
    """The fault that is seen without opening a mask, or ""; `count` images have its name."""
    if reason := photograph_files.SINGULAR.get(photograph_files.find_kind(mask)):
        return f"masks/{mask.name} {reason}"
    if mask.suffix != ".png":
        return f"masks/{mask.name}: a mask has to be a PNG file"
    if count != 1:
        return f"masks/{mask.name}: {count} images are called {mask.stem}, expected 1"
    return ""


def _find_mask_fault(mask: Path, image: str, width: int, height: int, boxes: Boxes) -> str:
    """Why a mask can't be used, or ""; also for an image that can't be read itself."""
    if not width:
        return ""
    try:
        with IN_FLIGHT.hold(width * height):
            pixels = given_masks.read_mask(mask, width, height)
    except given_masks.UnclearMask as error:
        return f"masks/{mask.name}: {error}"
    except UserError as error:
        return str(error)
    x0, y0, x1, y1 = boxes.get(image, (0, 0, width, height))
    if not pixels[max(y0, 0) : y1, max(x0, 0) : x1].any():
        return (
            f"masks/{mask.name}: marks no pixel inside of the box of {image} in boxes.csv "
            f"({x0}, {y0}, {x1}, {y1}): correct one of the two, or delete it"
        )
    return ""


def _read_boxes(path: Path, columns: Columns, faults: list[str]) -> pd.DataFrame:
    """Read boxes.csv as text; no rows if there is no such file."""
    names = [columns.image, *checks.BOX]
    if not path.exists():
        return pd.DataFrame(columns=names, dtype=str)
    return checks.read_csv(path, names, faults)


def _parse_boxes(rows: pd.DataFrame) -> Boxes:
    boxes: Boxes = {}
    for name, *corners in rows.itertuples(index=False, name=None):
        with contextlib.suppress(ValueError):
            x0, y0, x1, y1 = map(int, corners)
            boxes[name] = x0, y0, x1, y1
    return boxes


def _check_boxes(rows: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    readable = table[table["width"] > 0]
    widths_and_heights = zip(readable["width"], readable["height"], strict=True)
    sizes = dict(zip(readable["image"], widths_and_heights, strict=True))
    return checks.check_boxes(rows, sizes, set(table["image"]))


def _log_turned(table: pd.DataFrame, masked: set[str], boxes: Boxes) -> None:
    """Say which annotated photographs are shown turned: of half a turn the size tells nothing."""
    turned = [
        name
        for name in table.loc[table["orientation"] > 1, "image"]
        if name in boxes or Path(name).stem in masked
    ]
    if turned:
        logger.warning(
            "%d photographs with masks or boxes are turned or mirrored by their EXIF orientation "
            "(%s): masks and boxes are taken as those of the photograph as it is shown",
            len(turned),
            ", ".join(turned[: photograph_files.EXAMPLES]),
        )


def read_viewpoints(
    path: Path, listed: set[str], columns: Columns, faults: list[str]
) -> pd.DataFrame:
    """Read the table "viewpoints"; empty if there is no viewpoints.csv.

    An empty viewpoint is unknown: its row is left out. `listed` are the images of all tables.
    """
    rows = pd.DataFrame(columns=[columns.image, "viewpoint"], dtype=str)
    if (path.parent / "sides.csv").exists():
        faults.append(
            f"sides.csv: has become viewpoints.csv, columns {columns.image},viewpoint; rename it"
        )
    if path.exists():
        rows = checks.read_csv(path, list(rows.columns), faults)
        rows = rows.assign(viewpoint=rows["viewpoint"].str.strip())
        faults += checks.check_viewpoints(rows, listed)
    return rows[rows["viewpoint"] != ""].set_axis(["image", "viewpoint"], axis=1)
