"""The scenarios of Where's Whale-do: which photographs are searched in which others.

Files: https://github.com/drivendataorg/boem-belugas-runtime, README.md, benchmark_src/main.py and
data/: query_scenarios.csv (scenario_id, queries_path, database_path), queries/*.csv (query_id,
query_image_id) and databases/*.csv (database_image_id).
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from pipeline.data.scenarios import DATABASES, QUERIES, Scenarios
from pipeline.steps.competition import checks

FILE = "query_scenarios.csv"
READ = (FILE, "queries", "databases")


def read_scenarios(path: Path, images: set[str], faults: list[str]) -> Scenarios:
    """Read all scenarios, one after another; what is wrong is added to `faults`.

    images : those that metadata.csv lists; empty if it can't be read
    """
    columns = ["scenario_id", "queries_path", "database_path"]
    listed = checks.read_csv(path / FILE, columns, faults)
    faults += _find_repeated(FILE, listed["scenario_id"], {})
    found: dict[str, list[pd.DataFrame]] = {"queries": [], "databases": []}
    seen: dict[str, str] = {}
    for _, scenario, *files in listed.itertuples(name=None):
        # the published paths are those of the runtime's machine
        queries, database = (PurePosixPath(name).name for name in files)
        rows = _read(path / "queries" / queries, ["query_id", "query_image_id"], images, faults)
        faults += _find_repeated(f"queries/{queries}", rows["query_id"], seen)
        found["queries"].append(_name(rows, scenario, QUERIES))
        rows = _read(path / "databases" / database, ["database_image_id"], images, faults)
        faults += _find_repeated(f"databases/{database}", rows["database_image_id"], {})
        found["databases"].append(_name(rows, scenario, DATABASES))
    empty = (pd.DataFrame(columns=names, dtype=str) for names in (QUERIES, DATABASES))
    tables = [
        pd.concat([none, *found[key]], ignore_index=True)
        for none, key in zip(empty, found, strict=True)
    ]
    return Scenarios(*tables)


def _read(path: Path, columns: list[str], images: set[str], faults: list[str]) -> pd.DataFrame:
    """The rows of one scenario's file, the image in the last column."""
    rows = checks.read_csv(path, columns, faults)
    name = f"{path.parent.name}/{path.name}"
    if rows.empty and path.is_file():
        faults.append(f"{name}: lists no photograph")
    faults += [
        f"{name}, row {row}: {image or 'an empty cell'} is not in metadata.csv"
        for row, image in rows[columns[-1]].items()
        if images and image not in images
    ]
    return rows


def _name(rows: pd.DataFrame, scenario: str, columns: Sequence[str]) -> pd.DataFrame:
    """The rows under our names, with their scenario."""
    named = rows.set_axis(list(columns[1:]), axis=1)
    return named.assign(scenario=scenario)[list(columns)]


def _find_repeated(file: str, names: pd.Series, seen: dict[str, str]) -> list[str]:
    """Faults of names that are empty, or are in `seen`, to which the others are added."""
    faults = []
    for row, name in names.items():
        place = f"{file}, row {row}"
        if not name:
            faults.append(f"{place}: has an empty cell")
        elif name in seen:
            faults.append(f"{place}: {name} is listed already, in {seen[name]}")
        seen.setdefault(name, place)
    return faults
