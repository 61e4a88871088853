"""Where a catalogue's photographs and names are, and how they are read."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.catalogue import new_photographs, other_programs
from pipeline.data import importing
from pipeline.data.photograph_files import LeftOut
from pipeline.exchange.detections import DetectionFiles

IDENTITY = "identity"  # the column of individuals, if none is named


@dataclass(frozen=True)
class Source:
    """A folder with one sub-folder per individual, a CSV file, or a file of another program.

    skip: a name to leave out, that of unknown individuals; detections: where the animals are on its
    photographs, and on new ones. The rest is for a CSV: root, the folder of its files, by default
    its own; the names of its columns
    """

    location: Path
    skip: str = ""
    root: Path | None = None
    path: str = "path"
    identity: str = IDENTITY
    date: str | None = None
    viewpoint: str | None = None
    detections: DetectionFiles = DetectionFiles()

    @property
    def folder(self) -> Path:
        """The folder that photographs are named from."""
        return self.location if self.location.is_dir() else self.root or self.location.parent

    def read(self, faults: list[str], left_out: list[LeftOut]) -> pd.DataFrame:
        """Columns path, identity and, if they are known, date, viewpoint and box.

        What is wrong with photographs and names is added to `faults`, and what a folder has that is
        not read to `left_out`. Raises ValueError for a source that does not exist, options that it
        does not have, and an individual to skip that is not in it.
        """
        identity = "" if self.identity == IDENTITY else self.identity
        table = other_programs.read(self.location, self.root, identity, self.skip, faults, left_out)
        if table is None:
            table = self._read_own(faults, left_out)
        return new_photographs.add_boxes(table, self.folder, self.detections)

    def _read_own(self, faults: list[str], left_out: list[LeftOut]) -> pd.DataFrame:
        if self.location.is_dir():
            if self.root:
                raise ValueError("--root is for the files of a CSV")
            if self.viewpoint:
                raise ValueError("--viewpoint is for a column of a CSV")
            return importing.list_folders(self.location, self.skip, faults, left_out)
        if not self.location.is_file():
            raise ValueError(f"there is no folder or CSV file {self.location}")
        root = self.root or self.location.parent
        names = ("path", "identity", "date", "viewpoint")
        columns = {name: getattr(self, name) for name in names if getattr(self, name)}
        return importing.list_table(self.location, root, columns, self.skip, faults)
