"""When and where photographs were taken, as photographs.csv or their EXIF says.

All is text, "" for what is not known. A date is the local one as it is written; a time may end with
its zone (10:00:00+02:00). Times are compared as written, or in UTC if all of them have a zone.
"""

import datetime
import re

import numpy as np
import pandas as pd

from pipeline.data import tables

COLUMNS = tables.COLUMNS["occasions"]
FIELDS = COLUMNS[1:]
ZONE = re.compile(r"(Z|[+-]\d{2}:\d{2})$")
WHEN = re.compile(
    r"(?P<year>\d{4})(?P<sign>[-/.:]?)(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})"
    r"(?:(?:T| +)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r" *(?P<zone>[Zz]|[+-]\d{2}:?\d{2})?)?"
)
# 31.05.2024, in the countries that write a point, is never the 5th of the 31st month
DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)")


def build_empty() -> pd.DataFrame:
    """A table without rows: nothing is known."""
    return pd.DataFrame(columns=COLUMNS, dtype=str)


def parse_when(text: str) -> tuple[str, str]:
    """The date and the time of "2024-05-31 10:00", the time "" if there is none.

    Year first, with `-`, `/`, `.`, EXIF's `:` or nothing between; or day first, with points. Raises
    ValueError for anything else (5/6/2024 may be two days), and for days that no calendar has.
    """
    text = text.strip()
    if first := DAY_FIRST.fullmatch(text):
        day, month, year, rest = first.groups()
        text = f"{year}-{month}-{day}{rest}"
    found = WHEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no date as 2024-05-31 or 2024-05-31 10:00:00")
    date = datetime.date(*(int(found[name]) for name in ("year", "month", "day")))
    if found["hour"] is None:
        return date.isoformat(), ""
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    clock = datetime.time(hour, minute, second)
    zone = (found["zone"] or "").upper()
    zone = f"{zone[:3]}:{zone[3:]}" if re.fullmatch(r"[+-]\d{4}", zone) else zone
    return date.isoformat(), f"{clock.isoformat()}{zone}"


def has_zone(times: pd.Series) -> pd.Series:
    """Whether each time ends with its zone."""
    return times.str.extract(ZONE)[0].notna()


def parse_instants(table: pd.DataFrame) -> np.ndarray:
    """The instants of n rows (columns date, time) as n datetime64[s]; NaT without a time."""
    known = (table["time"] != "").to_numpy()
    texts = (table["date"] + "T" + table["time"])[known].str.replace("Z", "+00:00", regex=False)
    instants = np.full(len(table), np.datetime64("NaT", "s"))
    parsed = [datetime.datetime.fromisoformat(text) for text in texts]
    instants[known] = [
        np.datetime64(one.astimezone(datetime.UTC).replace(tzinfo=None) if one.tzinfo else one, "s")
        for one in parsed
    ]
    return instants
