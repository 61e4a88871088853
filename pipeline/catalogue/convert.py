"""Convert a catalogue, photographs of known individuals, into a competition directory.

The photographs are split into a training and a test set with a hidden solution, by the rules behind
the published figures (`pipeline/data/splits.py`: closed or open set, seed 666) or by date.
"""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.catalogue import new_photographs, other_programs
from pipeline.catalogue.source import Source
from pipeline.catalogue.split import Split
from pipeline.data import (
    competition_directory,
    images,
    importing,
    photograph_files,
    splits,
)
from pipeline.data.competition_directory import ORIGIN
from pipeline.data.photograph_files import LeftOut
from pipeline.params import Dedup
from pipeline.steps.dedup import dedup
from pipeline.system.errors import MAX_LINES, Faults, UserError

logger = logging.getLogger(__name__)

EXTREME_PRIOR = 0.01  # in place of 0, which no preset may have, and as far from 1


@dataclass(frozen=True)
class Summary:
    """What a competition directory holds.

    new: test photographs of new individuals, None if it is not known; viewpoints: photographs by
    viewpoint
    """

    training: int
    individuals: int
    test: int
    new: int | None
    viewpoints: dict[str, int]

    @property
    def new_whale_prior(self) -> float | None:
        """The fraction of new individuals in the test, as a preset may have it: not 0, not 1."""
        if self.new is None:
            return None
        if 0 < self.new < self.test:
            return self.new / self.test
        return EXTREME_PRIOR if self.new == 0 else 1 - EXTREME_PRIOR


def convert(
    source: Source, split: Split, out: Path, settings: Dedup, skip_bad: bool = False
) -> Summary:
    """Copy a catalogue's photographs into the new competition directory `out`.

    settings : how duplicates are found, which are moved to one side
    skip_bad : leave out photographs that can't be read, instead of refusing all; what is left out
        is listed in truth/left_out.csv

    Raises UserError, and writes nothing, if `out` exists or the source is faulty; everything that
    is wrong with the photographs and names is reported at once.
    """
    try:
        check_out(source, split.folder, out)
        faults: list[str] = []
        left_out: list[LeftOut] = []
        table = source.read(faults, left_out)
        new = list_new(source, split.folder, left_out)
        measured, bad = measure(pd.concat([table["path"], new["path"].drop_duplicates()]))
        if "box" in table:
            table = other_programs.to_pixels(table, measured, faults)
        table = table.assign(photograph=new_photographs.list_names(table["path"], source.folder))
        if not new.empty:
            table = add_new(table, new, measured, faults)
        if skip_bad:
            left_out += bad
            table = leave_out(table, bad)
        else:
            faults += [entry.kind for entry in bad]
        if faults:
            raise Faults(source.location, faults)
        test = (table["identity"] == "").to_numpy() if split.folder else split.select_test(table)
        if not (split.folder or split.as_published):
            groups = dedup.group_images(measured, settings)["group"].to_numpy()
            test = splits.keep_groups_together(test, groups)
        if faults := importing.check_split(table, test):
            raise Faults(source.location, faults)
        competition_directory.write_competition(table, test, out, split.seed, left_out)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise UserError(f"nothing was written: {where}{error.strerror}") from None
    except ValueError as error:
        raise UserError(f"nothing was written: {error}") from None
    return summarise(table, test)


def list_new(source: Source, folder: Path | None, left_out: list[LeftOut]) -> pd.DataFrame:
    """The animals on new photographs, as `list_photographs` has them; none without a folder."""
    if folder is None:
        return pd.DataFrame(columns=["path"], dtype=object)
    return new_photographs.list_photographs(folder, source.detections, left_out)


def add_new(
    table: pd.DataFrame, new: pd.DataFrame, measured: pd.DataFrame, faults: list[str]
) -> pd.DataFrame:
    """The catalogue's photographs, then the new ones; boxes are in pixels of what is written."""
    new = other_programs.to_pixels(new, measured, faults)
    sizes = measured.drop_duplicates("path").set_index("path")[["width", "height"]]
    by_path = {path: (int(w), int(h)) for path, w, h in sizes.itertuples()}
    readable = new[new["path"].isin(list(by_path))]
    joined = pd.concat([table, new_photographs.cut_apart(readable, by_path)], ignore_index=True)
    texts = [name for name in (*ORIGIN, "viewpoint", "date") if name in joined]
    joined[texts] = joined[texts].fillna("")
    return joined.assign(cut=joined["cut"].astype(object).where(joined["cut"].notna(), None))


def check_out(source: Source, new: Path | None, out: Path) -> None:
    """Raise ValueError if the new directory exists, or would be among the photographs."""
    if os.path.lexists(out):
        raise ValueError(f"{out} exists already: delete it, or name another folder")
    for folder in filter(None, (source.location, new)):
        if folder.is_dir() and out.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{out} is in {folder}, the photographs' folder: name another")


def leave_out(table: pd.DataFrame, bad: list[LeftOut]) -> pd.DataFrame:
    """The rows of readable photographs; logs how many are not."""
    if bad:
        logger.warning(
            "%d photographs can't be read and are left out (truth/left_out.csv):\n  %s",
            *(len(bad), "\n  ".join(entry.kind for entry in bad[:MAX_LINES])),
        )
    return table[~table["path"].isin([entry.path for entry in bad])].reset_index(drop=True)


def measure(paths: pd.Series) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Decode every photograph: columns image, path, width, height, sha256, for finding duplicates.

    Returns also those that can't be decoded, with the reason: the pipeline would refuse them.
    """
    rows, bad = [], []
    files = [path for path in paths if path.is_file()]  # the others are faults already
    for path in tqdm(files, "reading", unit="image"):
        try:
            width, height = images.read_size(path)
            digest = images.hash_bytes(images.read_bytes(path))
        except ValueError as error:
            bad.append(LeftOut(path, str(error)))
            continue
        rows.append((photograph_files.printable(path), path, width, height, digest))
    return pd.DataFrame(rows, columns=["image", "path", "width", "height", "sha256"]), bad


def summarise(table: pd.DataFrame, test: np.ndarray) -> Summary:
    """Count the photographs (columns identity and maybe viewpoint) of both sets."""
    training = table["identity"][~test]
    hidden = table["identity"][test]
    new = None if (hidden == "").all() else int((~hidden.isin(set(training))).sum())
    viewpoints = {}
    if "viewpoint" in table:
        counts = table["viewpoint"].replace("", "unknown").value_counts()
        viewpoints = {str(name): int(count) for name, count in counts.items()}
    return Summary(len(training), training.nunique(), int(test.sum()), new, viewpoints)
