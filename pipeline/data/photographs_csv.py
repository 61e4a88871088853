"""Reading photographs.csv: when and where each photograph was taken, as people write it down."""

import logging
import math
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from pipeline.data import occasions, user_csv
from pipeline.data.decimals import read_number
from pipeline.data.path_parts import Parts, count_shared, longest_tails, split_path
from pipeline.system.errors import UserError

logger = logging.getLogger(__name__)

FILE = "photographs.csv"
# ours: what a file may call it, in any case; the first that it has
NAMES = {
    "image": ("photograph", "image", "file", "filename", "photo", "path", "image_id"),
    "date": ("date", "datetime", "date_time", "date and time", "timestamp"),
    "time": ("time",),
    "place": ("place", "location", "site", "station"),
    "latitude": ("latitude", "lat", "decimallatitude"),
    "longitude": ("longitude", "lon", "lng", "long", "decimallongitude"),
    "camera": ("camera",),
    "sequence": ("sequence", "sequence_id", "sequenceid", "seq_id"),
}
LARGEST = {"latitude": 90, "longitude": 180}  # degrees


def read_photographs(
    path: Path,
    images: Collection[str],
    faults: list[str],
    image: str = "",
    with_folders: Collection[str] = (),
) -> pd.DataFrame:
    """Read the table "occasions"; without rows if there is no such file.

    images : the photographs that are known, of which a row may name the last parts of the path
    image : the column of photographs, if it may have another name than the usual ones
    with_folders : those of them of which a row has to name all parts

    Faults are added to `faults`, each with its row.
    """
    if not path.exists():
        return occasions.build_empty()
    rows = _read_columns(path, faults, image)
    if rows.empty:
        return occasions.build_empty()
    matched = _match(path.name, rows["image"], images, set(with_folders), faults)
    table = rows.assign(image=matched)
    table = _parse_dates(path.name, table, faults)
    for name, largest in LARGEST.items():
        table[name] = _parse_degrees(path.name, table[name], name, largest, faults)
    _check_zones(path.name, table, faults)
    return table[occasions.COLUMNS].reset_index(drop=True)


def _read_columns(path: Path, faults: list[str], image: str) -> pd.DataFrame:
    """The columns under our names as text, "" where the file lacks one."""
    try:
        header = user_csv.read_user_header(path)
    except UserError as error:
        faults.append(str(error))
        return occasions.build_empty()
    written = {name.casefold(): name for name in reversed(header)}
    names = NAMES | {"image": (*([image.casefold()] if image else []), *NAMES["image"])}
    found = {
        ours: written[next(name for name in options if name in written)]
        for ours, options in names.items()
        if any(name in written for name in options)
    }
    for needed in ("image", "date"):
        if needed not in found and not (needed == "date" and "sequence" in found):
            faults.append(
                f"{path.name}, row 1: columns are {', '.join(header)}; expected {names[needed][0]}"
            )
            return occasions.build_empty()
    rows = user_csv.collect_rows(path, list(dict.fromkeys(found.values())), faults)
    cells = {ours: rows[column].str.strip() for ours, column in found.items()}
    return pd.DataFrame(cells, rows.index).reindex(columns=occasions.COLUMNS, fill_value="")


def _match(
    file: str, cells: pd.Series, images: Collection[str], with_folders: set[str], faults: list[str]
) -> list[str]:
    """The photograph of each row; the folders before its name may be another machine's."""
    known, by_last = set(images), _index_names(images)
    matched: list[str] = []
    seen: dict[str, int] = {}
    for row, cell in zip(cells.index.tolist(), cells, strict=True):
        found = [cell] if cell in known else longest_tails(cell, by_last)
        apart = [name for name in found if name in with_folders and not _is_about(cell, name)]
        if len(found) != 1 or apart:
            reason = f"may be {' or '.join(found[:3])}" if found else "is no listed photograph"
            reason = f"{reason}: write it as it is listed" if apart else reason
            faults.append(f"{file}, row {row}: {cell or 'an empty cell'} {reason}")
            matched.append("")
            continue
        if found[0] in seen:
            faults.append(f"{file}, row {row}: {cell} is listed already, in row {seen[found[0]]}")
        seen.setdefault(found[0], row)
        matched.append(found[0])
    return matched


def _is_about(cell: str, name: str) -> bool:
    """Whether a path is a photograph's as it is listed, or ends in that, which has a folder."""
    parts = split_path(name)
    ends = len(parts) > 1 and count_shared(split_path(cell), parts) == len(parts)
    return cell == name or ends


def _index_names(images: Collection[str]) -> dict[str, list[tuple[Parts, str]]]:
    """The photographs with the parts of their paths, by the last one."""
    by_last: dict[str, list[tuple[Parts, str]]] = defaultdict(list)
    for image in images:
        parts = split_path(image)
        by_last[parts[-1]].append((parts, image))
    return by_last


def _parse_dates(file: str, table: pd.DataFrame, faults: list[str]) -> pd.DataFrame:
    dates, times = [], []
    for row, date, time in zip(table.index, table["date"], table["time"], strict=True):
        when = ("", "")
        if date:
            try:
                when = occasions.parse_when(f"{date} {time}".strip())
            except ValueError as error:
                faults.append(f"{file}, row {row}: {error}")
        dates.append(when[0])
        times.append(when[1])
    return table.assign(date=dates, time=times)


def _parse_degrees(
    file: str, cells: pd.Series, name: str, largest: int, faults: list[str]
) -> list[str]:
    degrees = []
    for row, cell in cells.items():
        try:
            value = read_number(cell) if cell else math.nan
        except ValueError:
            value = math.inf
        if abs(value) > largest:
            faults.append(f"{file}, row {row}: {name} {cell} is no number of degrees")
        degrees.append("" if math.isnan(value) else f"{value:.6f}")
    return degrees


def _check_zones(file: str, table: pd.DataFrame, faults: list[str]) -> None:
    """Times with a zone and without can't be compared; those of several zones can, in UTC."""
    timed = table[table["time"] != ""]
    with_zone = occasions.has_zone(timed["time"])
    if with_zone.any() and not with_zone.all():
        (without, time), (other, zoned) = (
            next(iter(timed.loc[chosen, "time"].items())) for chosen in (~with_zone, with_zone)
        )
        faults.append(
            f"{file}, row {without}: {time} has no time zone, but row {other} has one ({zoned}): "
            "write it in all rows, or in none"
        )
    zones = sorted(set(timed.loc[with_zone, "time"].str.extract(occasions.ZONE)[0]))
    if len(zones) > 1:
        logger.warning(
            "%s has times of %d zones (%s): they are compared in UTC, and a day is the local one",
            *(file, len(zones), ", ".join(zones)),
        )
