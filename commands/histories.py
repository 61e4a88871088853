"""`tailprint histories`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = [
    "tailprint histories answers --format mark -o study.inp",
    "tailprint histories answers --format rmark --occasion year --dates photographs.csv -o h.txt",
    "tailprint histories answers --format secr --dates photographs.csv --place-as-trap -o c.txt",
    "tailprint histories answers --format mark --since 2024-06-01 -o season.inp",
    "tailprint histories answers --format camtrap --species 'Panthera pardus' -o records.csv",
]


class Format(StrEnum):
    """The program that reads the file."""

    mark = "mark"
    rmark = "rmark"
    secr = "secr"
    camtrap = "camtrap"


class Occasion(StrEnum):
    """How long a sampling occasion is."""

    day = "day"
    week = "week"
    month = "month"
    year = "year"


def check_day(text: str) -> str:
    """A day as dates are compared."""
    from pipeline.data import occasions

    try:
        return occasions.parse_when(text)[0] if text else ""
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


# one option per fact that a format asks for and the answers do not have
def main(  # noqa: PLR0913
    folder: Annotated[Path, typer.Argument(help="The folder that tailprint name has written.")],
    format: Annotated[Format, typer.Option(help="The program that reads the file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
    occasion: Annotated[
        Occasion, typer.Option(help="The sampling occasion: a calendar unit.")
    ] = Occasion.day,
    dates: Annotated[
        Path | None,
        typer.Option(
            exists=True, help="A photographs.csv with dates and places, in place of EXIF."
        ),
    ] = None,
    place_as_trap: Annotated[
        bool, typer.Option("--place-as-trap", help="A trap is a place, not a camera.")
    ] = False,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Count new individuals too, by their group.")
    ] = False,
    since: Annotated[
        str, typer.Option(callback=check_day, help="The first day that counts: 2024-05-31.")
    ] = "",
    degrees: Annotated[
        bool, typer.Option("--degrees", help="Write secr's traps in degrees, to be projected.")
    ] = False,
    species: Annotated[str, typer.Option(help="For camtrap, the species of the animals.")] = "",
) -> None:
    """Write capture histories, for programs that estimate populations.

    Photographs of the catalogue and new ones with a name count if they have a date; with --since,
    those of that day and later. mark: an input
    file of MARK. rmark: a table for RMark's import.chdata. secr: captures, and with --degrees the
    traps. camtrap: camtrapR's table of records.
    """
    from pipeline.exchange import captures, histories, named_folder, traps

    if format == Format.camtrap and not species:
        raise typer.BadParameter("camtrap asks for --species, which camtrapR selects records by")
    study = captures.collect(named_folder.read(folder), dates, unknown, since)
    match format:
        case Format.mark:
            text = histories.write_mark(study, occasion.value, out)
        case Format.rmark:
            text = histories.write_rmark(study, occasion.value, out)
        case Format.secr:
            text = traps.write_secr(study, occasion.value, out, place_as_trap, degrees)
        case Format.camtrap:
            text = traps.write_camtrap(study, species, out, place_as_trap)
    print(study.describe())
    print(f"{out}: {text}")
