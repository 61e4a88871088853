"""Reading the CSV files of MiewID: one row per animal, with a box that may be turned.

Columns: https://github.com/WildMeOrg/wbia-plugin-miew-id, README. `theta` turns the box clockwise
about its centre, in radians.
"""

from pathlib import Path

from pipeline.data import user_csv
from pipeline.data.decimals import read_number
from pipeline.exchange.boxes import FoundBox
from pipeline.exchange.listed import Listed, select_named
from pipeline.system.errors import Faults, UserError

BOX = ("x", "y", "w", "h", "theta")
NAME = "name"
FILES = ("file_path", "file_name")  # the whole path is better: names begin anew in each folder


def read(path: Path, identity: str = "") -> list[Listed]:
    """Read the rows with an individual. Raises UserError with all that is wrong."""
    header = user_csv.read_user_header(path)
    column = next((name for name in FILES if name in header), None)
    if column is None:
        raise UserError(f"{path.name}: has no column {' or '.join(FILES)}")
    name = identity or NAME
    viewpoint = ["viewpoint"] if "viewpoint" in header else []
    rows = user_csv.read_user_csv(path, list(dict.fromkeys([column, name, *BOX, *viewpoint])))
    faults: list[str] = []
    animals = []
    for row, cells in zip(rows.index, rows.to_dict("records"), strict=True):
        try:
            box = read_box(cells)
        except ValueError:
            faults.append(f"row {row}: x, y, w, h, theta are {', '.join(cells[k] for k in BOX)}")
            continue
        seen = cells.get("viewpoint", "")
        animals.append(Listed(cells[column], cells[name], int(row), box, viewpoint=seen))
    if faults:
        raise Faults(path, faults)
    return select_named(path.name, name, animals)


def read_box(cells: dict) -> FoundBox | None:
    """The box of a row, None if it has none; raises ValueError if it is not one."""
    texts = [cells[name].strip() for name in BOX[:4]]
    if not any(texts):
        return None
    x, y, width, height = map(read_number, texts)
    angle = cells["theta"].strip()
    if not (width > 0 and height > 0):
        raise ValueError("the box is empty")
    turned = read_number(angle) if angle.lower() not in ("", "nan") else 0.0
    return FoundBox(x, y, x + width, y + height, False, angle=turned)
