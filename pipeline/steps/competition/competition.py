"""Reading and checking a competition's directory; nothing in it is changed."""

import logging
import math
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipeline.data import identity_names, photographs_csv, tables
from pipeline.data.photograph_files import LeftOut, printable
from pipeline.data.scenarios import Scenarios
from pipeline.params import Columns, Layout
from pipeline.steps.competition import layouts, measuring, unused
from pipeline.steps.competition.listing import Annotations
from pipeline.steps.competition.taken import read_occasions
from pipeline.steps.competition.unused import Bad
from pipeline.system.errors import MAX_LINES, Faults
from pipeline.system.threads import map_in_threads

logger = logging.getLogger(__name__)

SKIP = (
    "competition.skip_bad: true in params.yaml goes on without the {} photographs that can't be "
    "read or are in no table"
)


class CompetitionTables(NamedTuple):
    """What the stage writes.

    images : table "images"; sample : one column, `image`, of the test; viewpoints : table
        "viewpoints"; annotations : the given boxes and masks; columns : of the submission
    occasions : table "occasions"
    scenarios : which photographs are searched in which, also those that can't be read
    left_out : files that are not used; photographs of the test among them are in `sample` alone
    """

    images: pd.DataFrame
    sample: pd.DataFrame
    viewpoints: pd.DataFrame
    annotations: Annotations
    columns: Columns
    occasions: pd.DataFrame
    scenarios: Scenarios
    left_out: list[LeftOut]


def read_competition(
    path: Path,
    columns: Columns,
    layout: Layout = "auto",
    skip_bad: bool = False,
    use_exif: bool = False,
) -> CompetitionTables:
    """Read a competition, which is not changed.

    Training images come first, in the order of the files, then the test images in the order of the
    sample, then photographs without a label that the submission leaves out (of unlabelled/, by
    name). Raises Faults with everything that is wrong, not only with the first thing.

    columns : of the layout humpback; the others have names of their own
    skip_bad : leave out photographs that can't be read, and those of a folder of training or test
        photographs that are in no table, instead of refusing them
    use_exif : read when and where photographs were taken from EXIF, without a photographs.csv
    """
    faults: list[str] = []
    bad: Bad = {}
    try:
        read = _read_all(path, columns, layout, use_exif, faults, bad)
    except OSError as error:  # a folder that may not be read, a disk that fails
        unread = f"{error.filename or path}: can't be read ({error.strerror})"
        raise Faults(path, [*faults, unread]) from None
    faults += [] if skip_bad else bad
    if faults:
        raise Faults(path, faults, "" if skip_bad or not bad else SKIP.format(len(bad)))
    return _leave_out(read, list(bad.values())) if bad else read


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


def _read_all(
    path: Path, columns: Columns, layout: Layout, use_exif: bool, faults: list[str], bad: Bad
) -> CompetitionTables:
    """The tables, as far as they can be read; everything that is wrong is added to `faults`.

    Photographs that a run could go on without are added to `bad` instead.
    """
    if not path.is_dir():
        raise Faults(path, ["no such folder (competition.path in params.yaml names it)"])
    listing = layouts.list_photographs(path, layout, columns, faults)
    listing = replace(listing, reads={*listing.reads, path / photographs_csv.FILE})
    not_used = unused.find_unused(path, listing)
    bad |= unused.find_unlisted(path, listing, not_used)
    table = _measure_images(path, listing.photographs, bad)
    given = listing.annotate(table, faults)
    images = table[tables.COLUMNS["images"]]
    sample = table.loc[table["split"] == "test", ["image"]].reset_index(drop=True)
    known = listing.columns.image, listing.occasions
    return CompetitionTables(
        images,
        sample,
        listing.viewpoints,
        given,
        listing.columns,
        read_occasions(path, images, *known, use_exif, faults),
        listing.scenarios,
        not_used,
    )


def _leave_out(read: CompetitionTables, bad: list[LeftOut]) -> CompetitionTables:
    """Leave out photographs that can't be read; those of the test stay in the sample.

    bad : they, and photographs that are in no table, which are in `left_out` already
    """
    images = read.images[read.images["width"] > 0].reset_index(drop=True)
    kept = set(images["image"])
    unread = [entry for entry in bad if entry.split]
    if not (images["split"] == "test").any():
        raise Faults("the test", [f"none of its {len(read.sample)} photographs can be read"])
    _log_unread(unread)
    given = read.annotations
    return read._replace(
        images=images,
        occasions=read.occasions[read.occasions["image"].isin(kept)].reset_index(drop=True),
        viewpoints=read.viewpoints[read.viewpoints["image"].isin(kept)].reset_index(drop=True),
        annotations=given._replace(
            boxes=given.boxes[given.boxes["image"].isin(kept)].reset_index(drop=True),
            masks={image: file for image, file in given.masks.items() if image in kept},
        ),
        left_out=[*read.left_out, *unread],
    )


def _log_unread(unread: list[LeftOut]) -> None:
    test = sum(entry.split == "test" for entry in unread)
    if unread:
        lines = [f"{printable(entry.path)}: {entry.kind}" for entry in unread]
        logger.warning(
            "%d photographs can't be read and are left out (competition.skip_bad); %d of the test, "
            "which are answered with the most frequent labels:\n  %s",
            *(len(unread), test, "\n  ".join(lines[:MAX_LINES])),
        )


def _measure_images(path: Path, table: pd.DataFrame, bad: Bad) -> pd.DataFrame:
    """Add width, height, bytes, sha256 and orientation to the rows.

    0 and "" for images that can't be read, which are added to `bad`. Every image is decoded once:
    only that proves that training will be able to.
    """
    results = map_in_threads(measuring.measure, table["path"].tolist(), "photographs")
    rows = zip(table["listed"], table["path"], table["split"], results, strict=True)
    for listed, file, split, result in rows:
        if result.fault:
            entry = LeftOut(Path(file).relative_to(path), result.fault, split)
            bad[f"{listed}: {result.fault}"] = entry
    names = table["image"].tolist()
    measuring.log_damaged(table["listed"].tolist(), names, results)
    measuring.log_kinds(names, results)
    columns = ["width", "height", "bytes", "sha256", "orientation"]
    values = [[getattr(result, column) for column in columns] for result in results]
    measures = pd.DataFrame(values, columns=columns, index=table.index)
    return pd.concat([table, measures], axis=1)
