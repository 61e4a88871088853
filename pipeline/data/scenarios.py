"""Which photographs are searched in which: scenarios of a competition that ranks photographs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.data import tables
from pipeline.system.errors import explain_damage

QUERIES = ["scenario", "query", "image"]
DATABASES = ["scenario", "image"]
LENGTH = 20  # photographs of an answer


@dataclass(frozen=True)
class Scenarios:
    """The queries, each with a name of its own, and the database that those of a scenario have.

    queries : columns QUERIES; an image may be the query of several scenarios
    databases : columns DATABASES; an image may be in several, and be a query too
    """

    queries: pd.DataFrame
    databases: pd.DataFrame

    def split(self) -> Iterator[tuple[pd.DataFrame, list[str]]]:
        """Yield the queries of each scenario, in their order, and the images of its database."""
        images = dict(list(self.databases.groupby("scenario", sort=False)["image"]))
        for name, queries in self.queries.groupby("scenario", sort=False):
            yield queries, images[name].tolist()

    def write(self, queries: Path, databases: Path) -> None:
        """Write both tables, each whole or not at all."""
        tables.write_csv(self.queries, queries)
        tables.write_csv(self.databases, databases)


def build_empty() -> Scenarios:
    """No scenario, as of a competition that has none."""
    return Scenarios(*(pd.DataFrame(columns=names, dtype=str) for names in (QUERIES, DATABASES)))


def search_all(test: list[str], labelled: list[str]) -> Scenarios:
    """One scenario, where a competition has none: the test is searched in all labelled images."""
    return Scenarios(
        pd.DataFrame({"scenario": "", "query": test, "image": test}),
        pd.DataFrame({"scenario": "", "image": labelled}),
    )


def load(queries: Path, databases: Path) -> Scenarios:
    """Read what `Scenarios.write` wrote; raises UserError naming a damaged file."""
    return Scenarios(_read(queries, QUERIES), _read(databases, DATABASES))


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    with explain_damage(path):
        tables.check_last_line(path)
        return pd.read_csv(path, dtype=str, keep_default_na=False)[columns]
