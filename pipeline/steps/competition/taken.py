"""When and where the photographs of a competition were taken."""

from pathlib import Path

import pandas as pd

from pipeline.data import exif, occasions, photographs_csv
from pipeline.system.threads import map_in_threads


def read_occasions(
    path: Path,
    images: pd.DataFrame,
    column: str,
    listed: pd.DataFrame,
    use_exif: bool,
    faults: list[str],
) -> pd.DataFrame:
    """The table "occasions" of photographs.csv in `path`; without that file, `listed` or of EXIF.

    images : table "images" (of photographs that can't be read, width is 0)
    column : the competition's name of photographs
    listed : table "occasions" of the competition's other tables
    """
    file = path / photographs_csv.FILE
    if file.exists():
        return photographs_csv.read_photographs(file, images["image"], faults, column)
    if len(listed):
        return listed
    readable = images[images["width"] > 0]
    if not use_exif or readable.empty:
        return occasions.build_empty()
    found = map_in_threads(exif.read_occasion, readable["path"].tolist(), "EXIF")
    table = pd.DataFrame(found).assign(image=readable["image"].to_numpy())[occasions.COLUMNS]
    return table[(table[occasions.FIELDS] != "").any(axis=1)].reset_index(drop=True)
