"""data/pseudo.csv, which `tailprint pseudo-label` writes and people may edit."""

import re
from pathlib import Path

import pandas as pd

from pipeline.data import tables, user_csv
from pipeline.data.spreadsheet import restore
from pipeline.system.errors import Faults

COLUMNS = tables.COLUMNS["pseudo"]
WHOLE = r"\d{1,9}"


def read_pseudo_labels(path: Path) -> pd.DataFrame:
    """Read the table "pseudo"; index + 2 is the row in the file. Raises Faults."""
    faults: list[str] = []
    table = user_csv.collect_rows(path, COLUMNS, faults)
    for row, confidence, fold, number in table[["confidence", "fold", "round"]].itertuples():
        place = f"{path.name}, row {row}"
        if not is_probability(confidence):
            faults.append(f"{place}: confidence {confidence!r} is no number from 0 to 1")
        for name, value in (("fold", fold), ("round", number)):
            if not re.fullmatch(WHOLE, value):
                faults.append(f"{place}: {name} {value!r} is no whole number from 0")
    if faults:
        raise Faults(path, faults)
    numbers = {name: tables.NUMBERS[name] for name in ("confidence", "fold", "round")}
    return restore(table).astype(numbers).set_axis(table.index - 2)


def is_probability(text: str) -> bool:
    """Whether a text is a number from 0 to 1."""
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
