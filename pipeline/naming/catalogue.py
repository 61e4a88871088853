"""The photographs of known individuals, and the new ones, listed for `tailprint name`.

Names come back as they were written: spaces, commas, digits and all scripts are allowed. Inside,
an individual has a number.
"""

import logging
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.data import identity_names, importing, photograph_files, user_csv
from pipeline.data.photograph_files import LeftOut
from pipeline.exchange import catalogues, listed
from pipeline.system.errors import Faults, UserError

logger = logging.getLogger(__name__)

# columns of a CSV that need not be named, in any case
FILE_COLUMNS = ("path", "file", "filename", "image", "photograph", "photo")
NAME_COLUMNS = ("identity", "name", "individual", "individual_id", "id", "label")


@dataclass(frozen=True)
class Source:
    """A folder with one sub-folder per individual, a CSV, or a file of another program.

    skip : a name to leave out, that of unknown individuals. The rest is for a CSV: root, the folder
    of its files, by default its own; its columns of files and names, if they are not found
    """

    location: Path
    skip: str = ""
    root: Path | None = None
    path: str = ""
    identity: str = ""

    @property
    def folder(self) -> Path:
        """The folder that files are in."""
        return self.location if self.location.is_dir() else self.root or self.location.parent

    def read(self) -> pd.DataFrame:
        """The photographs, columns path and name, and box if another program's file has boxes.

        Raises UserError with all faults, one of which is a `skip` that is not there.
        """
        faults: list[str] = []
        other = catalogues.read(self.location, self.root, self.identity)
        if other is not None:
            table = self._leave_out(other, faults)
        elif self.location.is_dir():
            self._check_skip((self.location / self.skip).is_dir(), faults)
            table = list_folders(self.location, self.skip)
        elif self.location.is_file():
            table = self._read_csv(faults)
        else:
            raise UserError(f"there is no folder or CSV file {self.location}: check its name")
        check_names(self.location, table["name"], faults)
        if faults:
            raise Faults(self.location, faults)
        return table.assign(name=merge_spellings(table["name"]))

    def _read_csv(self, faults: list[str]) -> pd.DataFrame:
        header = user_csv.read_user_header(self.location)
        path = self.path or listed.find_column(header, FILE_COLUMNS)
        name = self.identity or listed.find_column(header, NAME_COLUMNS)
        if not (path and name):
            raise UserError(describe_columns(self.location, header, path, name))
        table = user_csv.collect_rows(self.location, [path, name], faults)
        table = table.set_axis(["path", "name"], axis=1)
        table = self._leave_out(table, faults)
        files = listed.find_paths(self.folder, table["path"].tolist())
        paths = pd.Series(files, table.index, dtype=object)
        faults += importing.check_paths(paths, table["path"], self.location)
        return table.assign(path=paths)

    def _leave_out(self, table: pd.DataFrame, faults: list[str]) -> pd.DataFrame:
        """The rows with another name than `skip`; a table without rows has faults of its own."""
        if not self.skip or table.empty:
            return table
        is_skipped = table["name"] == self.skip
        self._check_skip(bool(is_skipped.any()), faults)
        return table[~is_skipped]

    def _check_skip(self, found: bool, faults: list[str]) -> None:
        """Find a name to leave out that is not there: it may be misspelt."""
        if self.skip and not found:
            faults.append(f"{self.location} has no {self.skip} to leave out: check --skip")


def describe_columns(file: Path, header: list[str], path: str, name: str) -> str:
    """Which of the two columns (of files, of names) is not found, and how to name it."""
    missing = [] if path else ["the one of files with --path"]
    missing += [] if name else ["the one of names with --identity"]
    return f"{file} has the columns {', '.join(header)}: name {' and '.join(missing)}"


def list_folders(folder: Path, skip: str) -> pd.DataFrame:
    """List the photographs in the sub-folders of a folder, columns path and name."""
    listing = photograph_files.list_tree(folder, skip)
    beside = [
        LeftOut(path, importing.BESIDE) for path in listing.photographs if path.parent == Path()
    ]
    photograph_files.log_left_out(str(folder), [*beside, *listing.left_out])
    inside = [path for path in listing.photographs if path.parent != Path()]
    warn_of_depth(folder, inside)
    rows = [(folder / path, path.parts[0]) for path in inside]
    return pd.DataFrame(rows, columns=["path", "name"])


def warn_of_depth(folder: Path, photographs: list[Path]) -> None:
    """Warn if no sub-folder has photographs of its own: these may be of years or places."""
    if photographs and all(len(path.parts) > 2 for path in photographs):
        first = photographs[0]
        logger.warning(
            "%s: its sub-folders are taken for individuals (%s), but have only folders in them. If "
            "%s is an individual, name a catalogue whose sub-folders are individuals, such as %s",
            folder,
            ", ".join(sorted({path.parts[0] for path in photographs})[:3]),
            "/".join(first.parts[:2]),
            folder / first.parts[0],
        )


def check_names(location: Path, names: pd.Series, faults: list[str]) -> None:
    """Find names that no table can hold, and catalogues with which nothing can be compared."""
    for name in names.unique():
        if not photograph_files.is_utf8(name):
            faults.append(f"the name {photograph_files.printable(name)} is no UTF-8: rename it")
        elif not name.strip():
            faults.append("a name is empty")
        elif any(unicodedata.category(letter) == "Cc" for letter in name):
            faults.append(f"the name {name!r} contains a control character: rename it")
    if not faults and (too_few := identity_names.count_fault(sorted(names.unique()))):
        what = "one sub-folder per individual" if location.is_dir() else "one row per photograph"
        faults.append(f"{too_few}; expected {what} (the catalogue comes first, then NEW)")


def merge_spellings(names: pd.Series) -> pd.Series:
    """Names with one spelling each: accents may be composed (NFC) or not (NFD), as macOS does.

    Those that differ otherwise, if only in case or spaces, stay apart, with a warning.
    """
    composed = names.map(lambda name: unicodedata.normalize("NFC", name))
    spelling = names.groupby(composed).first()
    for same in identity_names.group_alike(spelling, lambda name: "".join(name.casefold().split())):
        logger.warning("these names differ in case or spaces only, and stay apart: %s", same)
    return composed.map(spelling)


def list_new(location: Path) -> list[Path]:
    """The photographs in a folder and its sub-folders. Raises UserError if there are none."""
    if location.is_file():
        return [location]
    if not location.is_dir():
        raise UserError(f"there is no folder {location}: check its name")
    listing = photograph_files.list_tree(location)
    photograph_files.log_left_out(str(location), listing.left_out)
    if not listing.photographs:
        raise UserError(f"{location} has no photographs: put those to be named there")
    return [location / path for path in listing.photographs]


def check_apart(source: Source, names: Iterable[str], new: Path) -> None:
    """Raise UserError if the new photographs are in the catalogue's folder, as an individual's."""
    catalogue = source.location.resolve()
    if not (source.location.is_dir() and new.resolve().is_relative_to(catalogue)):
        return
    inside = new.resolve().relative_to(catalogue)
    if not inside.parts:
        raise UserError(f"{new} is the catalogue itself: name the folder of new photographs")
    if inside.parts[0] in set(names):
        raise UserError(
            f"{new} is in the catalogue {source.location}, where {inside.parts[0]} is an "
            f"individual: move it out, or leave {inside.parts[0]} out with --skip"
        )


def check_out(out: Path, catalogue: Path, new: Path) -> None:
    """Raise UserError if the answers would be among the photographs, or in another's folder."""
    for folder in (catalogue, new):
        if folder.is_dir() and out.resolve().is_relative_to(folder.resolve()):
            raise UserError(f"{out} is in {folder}, among photographs: name another folder with -o")
    if os.path.lexists(out) and not out.is_dir():
        raise UserError(f"{out} is a file: name a folder with -o")
