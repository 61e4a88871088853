"""Competitions with one metadata.csv for all photographs.

AnimalCLEF 2025 and 2026 (kaggle.com/competitions/animal-clef-2025 and -2026), data sets as the
package wildlife-datasets describes them, and Where's Whale-do (drivendata.org/competitions/96).
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from pipeline.data import identity_names, importing, metadata_csv, occasions, user_csv
from pipeline.params import Columns
from pipeline.steps.competition import checks, metadata_annotations, scenarios
from pipeline.steps.competition.listing import Listing, build_rows, keep_comparable

FILE, SAMPLE = "metadata.csv", "sample_submission.csv"
NEW = "new_individual"
TEST = ("test", "query")  # values of the column split; every other one is labelled
# photographed from above: the orientation is where the head points
FROM_ABOVE = "salamander"
NO_TEST = (
    f"{FILE}: lists no photograph to identify: it has neither a split test or query, nor a row "
    f"without an identity; tailprint import {FILE} --path path --identity identity sets some aside"
)


def list_animalclef(path: Path, faults: list[str]) -> Listing:
    """The column dataset is the species; sample_submission.csv names the answer's column."""
    rows = metadata_csv.read_metadata(path / FILE, faults, ("dataset", "species"))
    from_above = rows["species"].str.lower().str.contains(FROM_ABOVE)
    rows = rows.assign(viewpoint=rows["viewpoint"].mask(from_above, ""))
    if not (path / SAMPLE).exists():
        return _build(path, rows, rows["image"][_is_test(rows)], "", faults)
    header = _read_header(path / SAMPLE, faults)
    sample = checks.read_csv(path / SAMPLE, header, faults)[header[0]]
    return _build(path, rows, sample, header[1], faults)


def list_wildlife_datasets(path: Path, faults: list[str]) -> Listing:
    """The test are rows of the split test or query, or those without an identity."""
    rows = metadata_csv.read_metadata(path / FILE, faults, ("species", "dataset"))
    return _build(path, rows, rows["image"][_is_test(rows)], "", faults)


def list_whaledo(path: Path, faults: list[str]) -> Listing:
    """The test are the scenarios' queries; their labels, if there are any, are not read.

    Nor are their encounters, which the competition forms for each whale by itself.
    """
    rows = metadata_csv.read_metadata(path / FILE, faults, ())
    given = scenarios.read_scenarios(path, set(rows["image"]), faults)
    test = given.queries["image"].drop_duplicates()
    taken = _name_encounters(rows[~rows["image"].isin(test)])
    listing = _build(path, rows, test[test.isin(rows["image"])], "", faults)
    return replace(listing, scenarios=given, occasions=taken)


def _name_encounters(rows: pd.DataFrame) -> pd.DataFrame:
    """The table "occasions" of metadata rows with an encounter."""
    known = rows[rows["encounter"] != ""]
    named = known[["image"]].assign(sequence=known["encounter"])
    return named.reindex(columns=occasions.COLUMNS, fill_value="").reset_index(drop=True)


def _read_header(path: Path, faults: list[str]) -> list[str]:
    header = user_csv.read_user_header(path)
    if len(header) == 2 and header[0] != header[1]:
        return header
    faults.append(f"{path.name}, row 1: columns are {', '.join(header)}; expected two")
    return ["image_id", "identity"]


def _is_test(rows: pd.DataFrame) -> pd.Series:
    return rows["split"].str.lower().isin(TEST) | ((rows["split"] == "") & (rows["identity"] == ""))


def _build(
    path: Path, rows: pd.DataFrame, test: pd.Series, answer: str, faults: list[str]
) -> Listing:
    """The listing of metadata rows.

    test : the names of the photographs to identify, in the order of the submission; the index is
        the row of the file that lists them
    answer : the submission's column of answers; "" if no file names it
    """
    faults += _find_faults(path, rows, test)
    is_test = rows["image"].isin(test)
    is_known = ~is_test & (rows["identity"] != "") & ~_is_test(rows)
    faults += _find_identity_faults(rows["identity"][is_known])
    unlabelled = build_rows(FILE, rows["image"][~is_test & ~is_known], "unlabelled", "")
    train = build_rows(FILE, rows["image"][is_known], "train", rows["identity"][is_known])
    wanted = build_rows(FILE, _order(rows["image"][is_test], test), "test", "")
    table = pd.concat([train, wanted, unlabelled])
    located = rows["path"].map(lambda name: importing.find_path(path, name).as_posix())
    safe = located.where(rows["path"].map(checks.is_inside), "")
    table = table.assign(path=safe.loc[table.index]).reset_index(drop=True)
    viewpoints = keep_comparable(rows[["image", "viewpoint", "species"]], test)
    columns, reads = _name_columns(path, answer), _list_read(path, rows)
    annotate = partial(metadata_annotations.read_annotations, path, rows)
    return Listing(table, columns, viewpoints, reads, {}, annotate)


def _list_read(path: Path, rows: pd.DataFrame) -> set[Path]:
    """The tables that are read, and the files that are masks."""
    names = {FILE, SAMPLE}
    names |= set(scenarios.READ) if (path / scenarios.FILE).exists() else set()
    masks = metadata_annotations.select_mask_files(rows)["mask"]
    return {path / name for name in names} | {importing.find_path(path, cell) for cell in masks}


def _name_columns(path: Path, answer: str) -> Columns:
    if not (path / FILE).is_file():
        return Columns(image="image_id", identity="identity", answer="identity", new_whale=NEW)
    return Columns(**metadata_csv.name_columns(path / FILE, answer), new_whale=NEW)


def _order(names: pd.Series, test: pd.Series) -> pd.Series:
    """The rows of `names` in the order of `test`."""
    rank = {name: rank for rank, name in reversed(list(enumerate(test)))}
    return names.loc[names.map(rank).sort_values(kind="stable").index]


def _find_identity_faults(identities: pd.Series) -> list[str]:
    faults = checks.check_identities(FILE, identities, NEW)
    too_few = identity_names.count_fault(set(identities) - {NEW})
    return faults + ([f"{FILE}: {too_few}"] if too_few else [])


def _find_faults(path: Path, rows: pd.DataFrame, test: pd.Series) -> list[str]:
    """Find images without a name or with that of another, wrong paths, and a wrong sample."""
    if rows.empty:
        return []
    faults = [
        f"{FILE}, row {row}: {'image ' + name + ' is listed already' if name else 'no image_id'}"
        for row, name in rows["image"][rows["image"].duplicated() | (rows["image"] == "")].items()
    ]
    inside = rows["path"].map(checks.is_inside)
    faults += [
        f"{FILE}, row {row}: {name!r} is not a file below {path}"
        for row, name in rows["path"][~inside].items()
    ]
    names = rows["path"][inside]
    paths = pd.Series([importing.find_path(path, name) for name in names], names.index)
    faults += importing.check_paths(paths, names, path / FILE)
    known, wanted = set(rows["image"]), set(test)
    faults += [f"image {name} is to be identified, but not in {FILE}" for name in wanted - known]
    missing = rows["image"][_is_test(rows) & ~rows["image"].isin(wanted)]
    if (path / SAMPLE).exists():
        faults += [f"{FILE}, row {row}: {name} is not in {SAMPLE}" for row, name in missing.items()]
    return faults + ([] if wanted else [NO_TEST])
