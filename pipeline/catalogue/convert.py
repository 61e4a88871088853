"""Convert a catalogue, photographs of known individuals, into a competition directory.

The photographs are split into a training and a test set with a hidden solution, by the rules behind
the published figures (`pipeline/data/splits.py`: closed or open set, seed 666) or by date.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data import images, importing, splits
from pipeline.params import Dedup
from pipeline.steps.dedup import dedup
from pipeline.system.errors import UserError

MIN_PRIOR = 0.01  # the smallest that a preset may have, if no test photograph is new


@dataclass(frozen=True)
class Source:
    """A folder with one sub-folder per individual, or a CSV file that lists photographs.

    skip: a name to leave out, that of unknown individuals. The rest is for a CSV: root, the folder
    of its files, by default its own; the names of its columns
    """

    location: Path
    skip: str = ""
    root: Path | None = None
    path: str = "path"
    identity: str = "identity"
    date: str | None = None
    viewpoint: str | None = None

    def read(self) -> pd.DataFrame:
        """Columns path, identity and, if they are named, date and viewpoint.

        Raises ValueError for a source that does not exist, and options that it does not have.
        """
        if self.location.is_dir():
            if self.root:
                raise ValueError("--root is for the files of a CSV")
            if self.viewpoint:
                raise ValueError("--viewpoint is for a column of a CSV")
            return importing.list_folders(self.location, self.skip)
        if not self.location.is_file():
            raise ValueError(f"there is no folder or CSV file {self.location}")
        root = self.root or self.location.parent
        names = ("path", "identity", "date", "viewpoint")
        columns = {name: getattr(self, name) for name in names if getattr(self, name)}
        return importing.list_table(self.location, root, columns, self.skip)


@dataclass(frozen=True)
class Split:
    """How photographs are split into training and test.

    method: "closed", "open" or "date"; ratio: fraction of the photographs that trains; new:
    fraction of photographs of new individuals (open); as_published: leave duplicates where they
    fall, instead of moving them to the training side
    """

    method: str = "closed"
    ratio: float = 0.8
    new: float = 0.1
    seed: int = splits.SEED
    as_published: bool = False

    def select_test(self, table: pd.DataFrame) -> np.ndarray:
        """True for the photographs (n, bool) of the test. Raises ValueError without dates."""
        if self.method == "date":
            if "date" not in table:
                raise ValueError("--split date needs a CSV and --date, the name of its column")
            return splits.split_by_date(table["identity"], table["date"], self.ratio)
        if self.method == "open":
            return splits.split_open(table["identity"], self.ratio, self.new, self.seed)
        return splits.split_closed(table["identity"], self.ratio, self.seed)


@dataclass(frozen=True)
class Summary:
    """What a competition directory holds; viewpoints: photographs by viewpoint."""

    training: int
    individuals: int
    test: int
    new: int
    viewpoints: dict[str, int]

    @property
    def new_whale_prior(self) -> float:
        """The fraction of new individuals in the test, as a preset may have it."""
        return max(MIN_PRIOR, self.new / self.test)


def convert(source: Source, split: Split, out: Path, settings: Dedup) -> Summary:
    """Copy a catalogue's photographs into the new competition directory `out`.

    settings : how duplicates are found, which are moved to one side

    Raises UserError, and writes nothing, if `out` exists or the source is faulty.
    """
    try:
        if out.exists():
            raise ValueError(f"{out} exists already: delete it, or name another folder")
        table = source.read()
        test = split.select_test(table)
        if not split.as_published:
            test = splits.keep_groups_together(test, find_duplicates(table["path"], settings))
        importing.write_competition(table, test, out, split.seed)
    except ValueError as error:
        raise UserError(f"nothing was written: {error}") from None
    return summarise(table, test)


def find_duplicates(paths: pd.Series, settings: Dedup) -> np.ndarray:
    """The duplicate group of each photograph (n, int)."""
    rows = [
        (str(path), path, *images.read_size(path), images.hash_bytes(images.read_bytes(path)))
        for path in tqdm(paths, "reading", unit="image")
    ]
    table = pd.DataFrame(rows, columns=["image", "path", "width", "height", "sha256"])
    return dedup.group_images(table, settings)["group"].to_numpy()


def summarise(table: pd.DataFrame, test: np.ndarray) -> Summary:
    """Count the photographs (columns identity and maybe viewpoint) of both sets."""
    training = table["identity"][~test]
    new = ~table["identity"][test].isin(set(training))
    viewpoints = {}
    if "viewpoint" in table:
        counts = table["viewpoint"].replace("", "unknown").value_counts()
        viewpoints = {str(name): int(count) for name, count in counts.items()}
    return Summary(len(training), training.nunique(), int(test.sum()), int(new.sum()), viewpoints)
