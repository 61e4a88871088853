"""Reading metadata.csv: one row per photograph, as the package wildlife-datasets describes them.

Columns: https://github.com/WildlifeDatasets/wildlife-datasets, docs/dataframe.md. AnimalCLEF adds
split, dataset and orientation; Where's Whale-do calls identity and orientation by other names.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from pipeline.data import user_csv
from pipeline.system.errors import UserError

# ours: what a file may call it, the first that it has
NAMES = {
    "image": ("image_id",),
    "path": ("path",),
    "identity": ("identity", "whale_id"),
    "split": ("split",),
    "species": ("species", "dataset"),
    "viewpoint": ("orientation", "position", "viewpoint"),
    "date": ("date",),
    "encounter": ("encounter_id",),
    "box": ("bbox",),
    "mask": ("segmentation", "mask"),
}
MISSING = {"", "nan", "none", "unknown"}  # of any column, in any case
SIDES = ("left", "right")  # other orientations (front, top) can show what either side shows


def read_metadata(path: Path, faults: list[str], species: tuple[str, ...]) -> pd.DataFrame:
    """Read the columns `NAMES` as text, "" for what is not known; the index is the row in the file.

    species : the columns that may name the species, best first; the first value counts

    Without an image_id, the path names the image. Of orientations only left and right are kept.
    Faults are added to `faults`; a file that can't be read gives no rows.
    """
    try:
        header = user_csv.read_user_header(path)
    except UserError as error:
        faults.append(str(error))
        return pd.DataFrame(columns=list(NAMES), dtype=str)
    names = NAMES | {"species": species}
    found = {key: [name for name in options if name in header] for key, options in names.items()}
    wanted = dict.fromkeys([*(NAMES["path"]), *(name for some in found.values() for name in some)])
    rows = user_csv.collect_rows(path, list(wanted), faults)
    table = pd.DataFrame({key: _merge(rows, some) for key, some in found.items()}, rows.index)
    if not found["image"]:
        table["image"] = table["path"]
    sides = table["viewpoint"].str.lower()
    return table.assign(viewpoint=sides.where(sides.isin(SIDES), ""))


def _merge(rows: pd.DataFrame, columns: list[str]) -> pd.Series:
    """The first known value of several columns, by row."""
    merged = pd.Series("", rows.index, dtype=str)
    for column in columns:
        cell = rows[column].str.strip()
        cell = cell.where(~cell.str.lower().isin(MISSING), "")
        merged = merged.where(merged != "", cell)
    return merged


def name_columns(path: Path, answer: str | None = None) -> Mapping[str, str]:
    """The file's own names of the image and the identity."""
    header = user_csv.read_user_header(path)
    image = next((name for name in (*NAMES["image"], *NAMES["path"]) if name in header), "image_id")
    identity = next((name for name in NAMES["identity"] if name in header), "identity")
    return {"image": image, "identity": identity, "answer": answer or identity}
