"""What is to be compared: a catalogue, and the animals on new photographs, read and described."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.data import spreadsheet, tables
from pipeline.naming import animals, catalogue
from pipeline.naming.animals import Animal, Animals
from pipeline.naming.catalogue import Source
from pipeline.naming.compared import tabulate_compared
from pipeline.naming.gallery import Known, build_known
from pipeline.naming.photographs import Photographs, describe
from pipeline.naming.settings import Options
from pipeline.naming.workspace import Workspace
from pipeline.params import Params
from pipeline.system.errors import Faults, UserError

logger = logging.getLogger(__name__)

SKIPPED = "skipped.csv"


@dataclass(frozen=True)
class Inputs:
    """The catalogue and the animals on new photographs.

    listed : the rows of the catalogue, whose animals may be cut out; cut_out : sentences on that
    known : the gallery of the catalogue
    files : all new photographs, by name; seen : the animals on them
    readable : the animals on photographs that can be read, by name; digests : theirs
    found : all photographs
    """

    listed: pd.DataFrame
    cut_out: list[str]
    known: Known
    files: Mapping[str, Path]
    seen: Animals
    readable: Mapping[str, Animal]
    digests: Mapping[str, str]
    found: Photographs

    def tabulate(self, folder: Path) -> pd.DataFrame:
        """All photographs that were compared, columns `named_folder.COLUMNS`.

        folder : that the catalogue's paths are in
        """
        empty = {name: self.files[name] for name in self.seen.empty}
        digests = self.found.digests
        return tabulate_compared(self.listed, folder, self.readable.values(), empty, digests)

    def count_photographs(self) -> int:
        """How many new photographs are compared; one may show several animals."""
        return len({animal.photograph for animal in self.readable.values()})


def read_inputs(
    source: Source, new: Path, out: Path, workspace: Workspace, p: Params, options: Options
) -> Inputs:
    """Read the catalogue and the photographs in `new`, and describe them in the workspace.

    Raises UserError if none can be compared; with photographs that can't be read, unless
    `options.skip_bad`, which lists them in the folder `out`.
    """
    listed, new_files = source.read(), catalogue.list_new(new)
    catalogue.check_apart(source, listed["name"], new)
    workspace.open()
    files = {list_name(file, new): file for file in new_files}
    seen = animals.find_new(files, options.detections, workspace)
    listed, cut_out = animals.cut_catalogue(listed, source.folder, options.detections, workspace)
    found = describe([*listed["path"], *(one.path for one in seen.found)], workspace, p)
    check_bad(found, out, options)
    known = build_known(listed, source.folder, found)
    readable = {one.name: one for one in seen.found if one.path in found.digests}
    if not readable:
        raise UserError(describe_nothing(new, seen))
    digests = {name: found.digests[one.path] for name, one in readable.items()}
    return Inputs(listed, cut_out, known, files, seen, readable, digests, found)


def list_name(file: Path, new: Path) -> str:
    """A new photograph as it is listed: its path in the folder."""
    return file.name if file == new else file.relative_to(new).as_posix()


def check_bad(found: Photographs, out: Path, options: Options) -> None:
    """Raise UserError with the photographs that can't be read, or list them in a file."""
    if not found.bad:
        (out / SKIPPED).unlink(missing_ok=True)
        return
    if not options.skip_bad:
        title = "photographs that can't be read (--skip-bad goes on without them)"
        raise Faults(title, list(found.bad.values()))
    table = pd.DataFrame({"path": map(str, found.bad), "reason": found.bad.values()})
    tables.write_csv(spreadsheet.defuse(table), out / SKIPPED)
    logger.warning("photographs that can't be read: %d, listed in %s", len(table), out / SKIPPED)


def describe_nothing(new: Path, seen: Animals) -> str:
    """Why no photograph can be compared."""
    if seen.found:
        return f"none of the photographs in {new} can be read"
    first, reason = next(iter(seen.empty.items()))
    return f"there is no animal on the photographs in {new}: on {first} {reason} (--threshold)"
