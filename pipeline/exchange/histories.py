"""Capture histories: on which sampling occasions each individual was photographed.

MARK's input file has a history of 0 and 1 per individual, a frequency, a semicolon, and comments
between /* and */: http://www.phidot.org/software/mark/docs/book, chapter 2. RMark reads a text file
with the columns `ch` and any others (`import.chdata`), whose cells have no spaces:
https://github.com/jlaake/RMark, RMark/R/import.chdata.R.
"""

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.exchange.captures import Study
from pipeline.system.errors import Faults
from pipeline.system.files import replace

# what R and MARK would read as a separator, a quotation, a comment or an end
SIGNS = re.compile(r"[^\w.-]+")
# sampling occasions, by their names in pandas: calendar units; a week begins on Monday
FREQUENCIES = {"day": "D", "week": "W-SUN", "month": "M", "year": "Y"}


def list_periods(study: Study, occasion: str) -> pd.PeriodIndex:
    """The sampling occasions from the first to the last date, without a gap."""
    return pd.period_range(study.first, study.last, freq=FREQUENCIES[occasion])


def number_occasions(study: Study, occasion: str) -> np.ndarray:
    """The sampling occasion of each capture, from 0."""
    dates = pd.PeriodIndex(study.captures["date"], freq=FREQUENCIES[occasion])
    return list_periods(study, occasion).get_indexer(dates)


def build_histories(study: Study, occasion: str) -> dict[str, str]:
    """The history of each individual, as "0110", by its name in order."""
    rows, names = pd.factorize(study.captures["individual"], sort=True)
    seen = np.zeros((len(names), len(list_periods(study, occasion))), int)
    seen[rows, number_occasions(study, occasion)] = 1
    return {str(name): "".join(map(str, row)) for name, row in zip(names, seen, strict=True)}


def describe_occasions(study: Study, occasion: str) -> str:
    """How many sampling occasions there are, and how many without a capture."""
    count = len(list_periods(study, occasion))
    without = count - len(np.unique(number_occasions(study, occasion)))
    return f"{count} occasions (by {occasion}), {without} without a capture."


def write_mark(study: Study, occasion: str, out: Path) -> str:
    """Write MARK's input file; returns a sentence on what it has."""
    histories = build_histories(study, occasion)
    names = make_codes(histories)
    lines = [f"/* {names[name]} */ {history} 1;" for name, history in histories.items()]
    write_lines(lines, out)
    return describe_occasions(study, occasion)


def write_rmark(study: Study, occasion: str, out: Path) -> str:
    """Write a table that `import.chdata` reads; returns a sentence on what it has."""
    histories = build_histories(study, occasion)
    names = make_codes(histories)
    lines = [f"{history}\t{names[name]}" for name, history in histories.items()]
    write_lines(["ch\tname", *lines], out)
    return describe_occasions(study, occasion)


def make_codes(names: Iterable[str]) -> dict[str, str]:
    """Names as one word each, in which other signs than letters, digits, . and - become _.

    R would take NA for a missing value. Raises Faults if two names become one.
    """
    codes: dict[str, str] = {}
    first: dict[str, str] = {}
    faults = []
    for name in dict.fromkeys(names):
        code = SIGNS.sub("_", name)
        code = "NA_" if code == "NA" else code
        if code in first:
            faults.append(f"{first[code]!r} and {name!r} would both be {code}: rename one of them")
        first.setdefault(code, name)
        codes[name] = code
    if faults:
        raise Faults("names without spaces", faults)
    return codes


def write_lines(lines: list[str], out: Path) -> None:
    """Write a text file, whole or not at all."""
    text = "\n".join([*lines, ""])
    replace(out, partial(Path.write_text, data=text, encoding="utf-8", newline="\n"))
