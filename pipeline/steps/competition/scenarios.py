"""The scenarios of Where's Whale-do: which photographs are searched in which others.

Files: https://github.com/drivendataorg/boem-belugas-runtime, README.md, benchmark_src/main.py and
data/: query_scenarios.csv (scenario_id, queries_path, database_path), queries/*.csv (query_id,
query_image_id) and databases/*.csv (database_image_id).
"""

from pathlib import Path, PurePosixPath

import pandas as pd

from pipeline.steps.competition import checks

FILE = "query_scenarios.csv"
READ = (FILE, "queries", "databases")


def read_queries(path: Path, faults: list[str]) -> pd.DataFrame:
    """Columns query_image_id of all scenarios, one after another; the index is the row."""
    scenarios = checks.read_csv(path / FILE, ["scenario_id", "queries_path"], faults)
    # the published paths are those of the runtime's machine
    files = [path / "queries" / PurePosixPath(name).name for name in scenarios["queries_path"]]
    tables = [checks.read_csv(file, ["query_image_id"], faults) for file in files]
    return pd.concat([pd.DataFrame({"query_image_id": []}, dtype=str), *tables])
