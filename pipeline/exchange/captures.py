"""Captures: which individual was photographed, when and where, by the answers and the catalogue."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.data import exif, occasions, photographs_csv
from pipeline.exchange.named_folder import (
    CATALOGUE,
    COPY,
    EMPTY,
    KNOWN,
    NEW,
    Answer,
    NamedFolder,
    check_files,
)
from pipeline.system.errors import Faults, UserError
from pipeline.system.threads import map_in_threads

KEY = ["role", "photograph"]  # one photograph of `NamedFolder.compared`
UNKNOWN = "unknown-{}"  # an individual that the catalogue does not have, by its group
REASONS = {
    "unsure": "unsure",
    NEW: "new (--unknown counts them by their group)",
    "no group": "new, in no group",
    EMPTY: "without an animal",
    "undated": "without a date",
    "earlier": "before --since",
}


@dataclass(frozen=True)
class Study:
    """The captures of a folder.

    captures : one row per individual of a photograph with a date; columns individual, photograph,
        file, and `occasions.FIELDS`
    first, last : the dates (2024-05-31) between which any photograph was taken, also one without a
        capture
    left_out : how many animals on photographs are no captures, by the key of REASONS
    folders : of the new photographs by each camera that EXIF names, which may be several of one
        model; empty if the cameras were given
    """

    captures: pd.DataFrame
    first: str
    last: str
    left_out: Counter[str]
    folders: dict[str, list[str]] = field(default_factory=dict)

    def describe(self) -> str:
        """How many captures there are, and what was left out, in a sentence or two."""
        individuals = self.captures["individual"].nunique()
        kept = f"{individuals} individuals on {len(self.captures)} photographs"
        span = f"{kept}, {self.first} to {self.last}."
        parts = [f"{self.left_out[key]} {text}" for key, text in REASONS.items()]
        parts = [part for part in parts if not part.startswith("0 ")]
        return f"{span} Left out: {', '.join(parts)}." if parts else span


def collect(named: NamedFolder, dates: Path | None, unknown: bool, since: str = "") -> Study:
    """Collect the captures of the photographs with a name: of the catalogue, known and copies.

    dates : a photographs.csv about them; None: their EXIF is read
    unknown : whether new individuals count, under the number of their group
    since : the first day (2024-05-31) that counts; photographs of a catalogue may be years older

    Raises UserError if no photograph has a date, or none with an individual, or if EXIF can't be
    read since a photograph is not where it was.
    """
    if dates is None:
        check_files(map(Path, named.compared["file"]))
    taken = read_occasions(named.compared, dates)
    dated = taken.loc[taken["date"] != "", "date"]
    if not dated.empty and since > dated.max():
        raise UserError(f"no photograph is of {since} or later: the last one is of {dated.max()}")
    dated = dated[dated >= since]
    if dated.empty:
        raise UserError(
            f"no photograph has a date in {dates or 'its EXIF'}: write when each was taken into a "
            "photographs.csv (columns photograph, date) and name it with --dates"
        )
    left_out: Counter[str] = Counter()
    rows = [*list_catalogue(named.compared), *list_answers(named, unknown, left_out)]
    found = pd.DataFrame(rows, columns=[*KEY, "individual"]).drop_duplicates()
    captures = found.merge(taken, on=KEY, how="left", validate="many_to_one")
    undated = captures["date"] == ""
    left_out["undated"] += int(undated.sum())
    earlier = ~undated & (captures["date"] < since)
    if since:
        left_out["earlier"] += int(earlier.sum())
    captures = captures[~undated & ~earlier].drop(columns="role").reset_index(drop=True)
    if captures.empty:
        raise UserError(
            f"{named.folder}: no photograph with an individual has a date, only others: complete "
            "the dates in a photographs.csv and name it with --dates"
        )
    folders = {} if dates else list_folders(taken)
    return Study(captures, dated.min(), dated.max(), left_out, folders)


def list_folders(taken: pd.DataFrame) -> dict[str, list[str]]:
    """The folders of the new photographs of each camera."""
    new = taken[(taken["role"] == NEW) & (taken["camera"] != "")]
    folders = new["photograph"].map(lambda path: path.rpartition("/")[0])
    return {str(name): sorted(set(own)) for name, own in folders.groupby(new["camera"])}


def list_catalogue(compared: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Role, photograph and individual of the catalogue's photographs."""
    rows = compared[compared["role"] == CATALOGUE]
    return list(rows[[*KEY, "individual"]].itertuples(index=False, name=None))


def list_answers(
    named: NamedFolder, unknown: bool, left_out: Counter[str]
) -> list[tuple[str, str, str]]:
    """Role, photograph and individual of the answers with one; others are counted in `left_out`.

    Raises UserError if the catalogue has an individual of a group's name.
    """
    rows = []
    names = set(named.compared["individual"])
    for answer in named.answers:
        if reason := find_reason(answer, unknown):
            left_out[reason] += 1
            continue
        name = answer.name or UNKNOWN.format(answer.group)
        if not answer.named and name in names:
            raise UserError(
                f"the catalogue has an individual {name}, a name that --unknown gives to new "
                "individuals: leave --unknown out, or rename it"
            )
        rows.append((NEW, answer.photograph, name))
    return rows


def find_reason(answer: Answer, unknown: bool) -> str:
    """Why an answer is no capture: a key of REASONS; "" if it is one."""
    if answer.result in (KNOWN, COPY):
        return "" if answer.named else "unsure"
    if answer.result == NEW and unknown:
        return "" if answer.group else "no group"
    return answer.result


def read_occasions(compared: pd.DataFrame, dates: Path | None) -> pd.DataFrame:
    """When and where each photograph was taken: KEY, file and `occasions.FIELDS`.

    Raises Faults with all that is wrong in the file `dates`.
    """
    listed = compared.drop_duplicates(KEY)[[*KEY, "file"]].reset_index(drop=True)
    if dates is None:
        found = map_in_threads(exif.read_occasion, listed["file"].tolist(), "EXIF")
        return listed.join(pd.DataFrame(found, columns=occasions.FIELDS))
    names = listed["photograph"]
    faults = [
        f"{name} is a photograph of the catalogue and a new one: rename the new one"
        for name in names[names.duplicated()]
    ]
    # a file of the catalogue may be called as a new one that could not be read, or was deleted
    whole = names[listed["role"] == CATALOGUE].tolist()
    table = photographs_csv.read_photographs(dates, names.tolist(), faults, with_folders=whole)
    if faults:
        raise Faults(dates, faults)
    taken = table.set_index("image")[occasions.FIELDS].reindex(names, fill_value="")
    return listed.join(taken.reset_index(drop=True))
