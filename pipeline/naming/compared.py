"""What was compared, as a table: which file, which animal, under which digest."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from pipeline.data.path_text import to_text
from pipeline.exchange.named_folder import CATALOGUE, COLUMNS, NEW
from pipeline.naming.animals import Animal, describe_number
from pipeline.naming.gallery import name_file


def tabulate_compared(
    listed: pd.DataFrame,
    folder: Path,
    found: Iterable[Animal],
    empty: Mapping[str, Path],
    digests: Mapping[Path, str],
) -> pd.DataFrame:
    """The table of `named_folder.COLUMNS`.

    listed : the catalogue's photographs, columns path (what is compared), file and name
    folder : the catalogue's; found : the new photographs' animals
    empty : the files of new photographs without one; digests : by what is compared
    """
    known = [
        (CATALOGUE, name_file(file, folder), "", absolute(file), digests[path], name)
        for path, name, file in listed[["path", "name", "file"]].itertuples(index=False)
        if path in digests
    ]
    new = [
        (NEW, one.photograph, describe_number(one), absolute(one.file), digests[one.path], "")
        for one in found
    ]
    without = [(NEW, name, "", absolute(file), "", "") for name, file in empty.items()]
    return pd.DataFrame([*known, *new, *without], columns=COLUMNS)


def absolute(file: Path) -> str:
    """The file from any folder; bytes that are no UTF-8 are escaped."""
    return to_text(file.absolute())
