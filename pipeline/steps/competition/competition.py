"""Reading and checking a competition's directory; nothing in it is changed."""

import math
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipeline.data import identity_names, tables
from pipeline.params import Columns, Layout
from pipeline.steps.competition import layouts, measuring
from pipeline.steps.competition.listing import Annotations
from pipeline.system.errors import Faults
from pipeline.system.threads import map_in_threads


class CompetitionTables(NamedTuple):
    """What the stage writes.

    images : table "images"; sample : one column, `image`, of the test; viewpoints : table
        "viewpoints"; annotations : the given boxes and masks; columns : of the submission
    """

    images: pd.DataFrame
    sample: pd.DataFrame
    viewpoints: pd.DataFrame
    annotations: Annotations
    columns: Columns


def read_competition(path: Path, columns: Columns, layout: Layout = "auto") -> CompetitionTables:
    """Read a competition, which is not changed.

    Training images come first, in the order of the files, then the test images in the order of the
    sample, then photographs without a label that the submission leaves out (of unlabelled/, by
    name). Raises Faults with everything that is wrong, not only with the first thing.

    columns : of the layout humpback; the others have names of their own
    """
    faults: list[str] = []
    try:
        read = _read_all(path, columns, layout, faults)
    except OSError as error:  # a folder that may not be read, a disk that fails
        unread = f"{error.filename or path}: can't be read ({error.strerror})"
        raise Faults(path, [*faults, unread]) from None
    if faults:
        raise Faults(path, faults)
    return read


def check_folds(images: pd.DataFrame, count: int) -> None:
    """Raise Faults if `count` folds are too many for the labelled rows of the table "images".

    Duplicates, which are not known yet, leave fewer photographs: the stage `folds` counts again.
    """
    labelled = images.loc[images["split"] == "train", "identity"]
    photographs = labelled[labelled != tables.NEW_WHALE].value_counts()
    single = int((photographs == 1).sum())
    # those with several photographs are in several folds, so that every member learns from them
    trained = len(photographs) - math.ceil(single / count)
    fault = ""
    if len(labelled) < count:
        fault = f"{len(labelled)} labelled photographs do not fill {count} folds"
    elif trained < identity_names.MIN_INDIVIDUALS:
        fault = (
            f"of {len(photographs)} individuals {single} have one photograph: with {count} folds a "
            f"member would learn from {trained}, at least {identity_names.MIN_INDIVIDUALS} are "
            "needed"
        )
    if fault:
        raise Faults("train.csv", [f"{fault} (folds.count in params.yaml)"])


def _read_all(path: Path, columns: Columns, layout: Layout, faults: list[str]) -> CompetitionTables:
    """The tables, as far as they can be read; everything that is wrong is added to `faults`."""
    if not path.is_dir():
        raise Faults(path, ["no such folder (competition.path in params.yaml names it)"])
    listing = layouts.list_photographs(path, layout, columns, faults)
    table = _measure_images(listing.photographs, faults)
    given = listing.annotate(table, faults)
    images = table[tables.COLUMNS["images"]]
    sample = table.loc[table["split"] == "test", ["image"]].reset_index(drop=True)
    return CompetitionTables(images, sample, listing.viewpoints, given, listing.columns)


def _measure_images(table: pd.DataFrame, faults: list[str]) -> pd.DataFrame:
    """Add width, height, bytes, sha256 and orientation to the rows.

    0 and "" for images that can't be read. Every image is decoded once: only that proves that
    training will be able to.
    """
    results = map_in_threads(measuring.measure, table["path"].tolist(), "photographs")
    for listed, result in zip(table["listed"], results, strict=True):
        faults += [f"{listed}: {result.fault}"] if result.fault else []
    names = table["image"].tolist()
    measuring.log_damaged(table["listed"].tolist(), names, results)
    measuring.log_kinds(names, results)
    columns = ["width", "height", "bytes", "sha256", "orientation"]
    rows = [[getattr(result, column) for column in columns] for result in results]
    measures = pd.DataFrame(rows, columns=columns, index=table.index)
    return pd.concat([table, measures], axis=1)
