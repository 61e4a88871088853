"""Captures by trap, which is the camera or the place, for secr and camtrapR.

secr reads captures as lines of session, animal, occasion and trap, and traps as lines of a name, x
and y, in metres; # begins a comment (vignette "Data input for secr", `read.capthist`). The table of
records of camtrapR is that of its `recordTableIndividual`:
https://search.r-project.org/CRAN/refmans/camtrapR/html/recordTableIndividualSample.html.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from pipeline.data import tables
from pipeline.exchange.captures import Study
from pipeline.exchange.histories import (
    describe_occasions,
    list_periods,
    make_codes,
    number_occasions,
    write_lines,
)
from pipeline.system.errors import UserError

logger = logging.getLogger(__name__)

SESSION = "1"
POSITION = ["longitude", "latitude"]  # x and y
RECORDS = [
    *("Station", "Species", "Individual", "DateTimeOriginal", "Date", "Time"),
    *("Directory", "FileName"),
]


def find_traps(study: Study, by_place: bool) -> pd.Series:
    """The trap of each capture; raises UserError if one has none."""
    captures, column = study.captures, "place" if by_place else "camera"
    if not by_place:
        warn_of_models(study.folders)
    lacking = captures.loc[captures[column] == "", "photograph"]
    if not lacking.empty:
        other = "" if by_place else ", or let --place-as-trap take its place for the trap"
        raise UserError(
            f"{len(lacking)} photographs have no {column} ({lacking.iloc[0]}): write it into the "
            f"column {column} of a photographs.csv (--dates){other}"
        )
    return captures[column]


def warn_of_models(folders: Mapping[str, Sequence[str]]) -> None:
    """Warn of cameras whose photographs are in several folders: EXIF may name the model alone."""
    for camera, own in folders.items():
        if len(own) > 1:
            logger.warning(
                "photographs of %d folders (%s) are by one camera, %s, and so of one trap. If they "
                "are by several cameras of that model, write which into the column camera of a "
                "photographs.csv (--dates)",
                *(len(own), ", ".join(folder or "the top one" for folder in own[:3]), camera),
            )


def write_secr(
    study: Study, occasion: str, out: Path, by_place: bool = False, degrees: bool = False
) -> str:
    """Write one line per individual, sampling occasion and trap; returns sentences about it.

    degrees : whether traps are written, too, with their longitudes and latitudes as x and y

    Raises UserError if a trap has no position that is to be written.
    """
    captures = study.captures.assign(trap=find_traps(study, by_place))
    names, traps = make_codes(sorted(captures["individual"])), make_codes(sorted(captures["trap"]))
    found = pd.DataFrame(
        {
            "name": captures["individual"].map(names),
            "number": number_occasions(study, occasion) + 1,
            "trap": captures["trap"].map(traps),
        }
    )
    rows = found.drop_duplicates().sort_values(["name", "number", "trap"])
    lines = [f"{SESSION} {name} {number} {trap}" for name, number, trap in rows.to_numpy()]
    positions = list_positions(captures, traps) if degrees else []
    write_lines(["# Session ID Occasion trapID", *lines], out)
    count = len(list_periods(study, occasion))
    sentence = f"{describe_occasions(study, occasion)} Read it with noccasions = {count}."
    if not degrees:
        known = (captures[POSITION] != "").all(axis=1).any()
        reason = (
            "positions are in degrees: --degrees writes them to be projected"
            if known
            else "no position is known"
        )
        return f"{sentence} No file of traps, which secr asks for in metres: {reason}."
    target = out.with_name(f"{out.stem}-traps{out.suffix}")
    write_lines(["# trapID x y, in degrees: project them to metres", *positions], target)
    return f"{sentence} {target} has {len(positions)} traps in degrees: project them to metres."


def list_positions(captures: pd.DataFrame, traps: dict[str, str]) -> list[str]:
    """A line per trap: its code, and the position of its first photograph that has one."""
    located = captures[(captures[POSITION] != "").all(axis=1)]
    ordered = located.sort_values(["date", "time"], kind="stable")
    rows = ordered.drop_duplicates("trap")[["trap", *POSITION]]
    first = {trap: f"{x!s} {y!s}" for trap, x, y in rows.itertuples(index=False, name=None)}
    if lacking := [trap for trap in traps if trap not in first]:
        raise UserError(
            f"{len(lacking)} traps have no position ({lacking[0]}): write latitude and longitude "
            "into a photographs.csv (--dates), or leave --degrees out"
        )
    return [f"{code} {first[trap]}" for trap, code in traps.items()]


def write_camtrap(study: Study, species: str, out: Path, by_place: bool = False) -> str:
    """Write one record per individual, trap and second; returns a sentence about it.

    Repeated records are left out, as camtrapR itself does; so are those without a time.
    """
    captures = study.captures.assign(Station=find_traps(study, by_place))
    timed = captures[captures["time"] != ""]
    clock = timed["time"].str[:8]  # without a zone
    files = timed["file"].map(Path)
    records = timed.assign(
        Species=species,
        Individual=timed["individual"],
        DateTimeOriginal=timed["date"] + " " + clock,
        Date=timed["date"],
        Time=clock,
        Directory=files.map(lambda file: str(file.parent)),
        FileName=files.map(lambda file: file.name),
    )[RECORDS]
    order = ["Station", "Individual", "DateTimeOriginal"]
    records = records.drop_duplicates(order).sort_values(order)
    if records.empty:
        raise UserError(
            "no photograph has a time, which camtrapR needs: complete the dates in a "
            "photographs.csv (--dates)"
        )
    tables.write_csv(records, out)
    repeated, untimed = len(timed) - len(records), len(captures) - len(timed)
    return (
        f"{len(records)} records of {records['Station'].nunique()} stations; {repeated} of the "
        f"same second and {untimed} without a time are left out."
    )
