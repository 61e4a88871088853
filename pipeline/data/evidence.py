"""The evidence table: what every source says of every (query, candidate) pair.

    query      identity   member    source    score
    0a3f.jpg   w_1        lite0-2   nearest   .81
    0a3f.jpg   w_1        lite0-2   vote      .40
    0a3f.jpg   w_7        lite0-2   nearest   .78

A source scores the candidates that it knows of, higher is better; a candidate that a source
leaves out is missing, not zero. A ranking is drawn from evidence only in `ensemble` and
`submission`.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import tables

COLUMNS = ["query", "identity", "member", "source", "score"]
LOCAL = "local"  # the member that local features are: no backbone's


def build(
    queries: np.ndarray, identities: np.ndarray, member: str, scores: dict[str, np.ndarray]
) -> pd.DataFrame:
    """Stack the scores of n pairs, n numbers a source; NaN where a source is silent."""
    parts = []
    for source, values in scores.items():
        heard = ~np.isnan(values)
        part = pd.DataFrame({"query": queries[heard], "identity": identities[heard]})
        parts.append(part.assign(member=member, source=source, score=values[heard]))
    return pd.concat(parts, ignore_index=True)[COLUMNS] if parts else empty()


def empty() -> pd.DataFrame:
    """A table that says nothing: what a stage that is switched off writes."""
    text = {name: pd.Series(dtype=str) for name in COLUMNS[:-1]}
    return pd.DataFrame({**text, "score": pd.Series(dtype=np.float64)})


def wide(table: pd.DataFrame, wanted: Iterable[str]) -> pd.DataFrame:
    """One member's evidence, a row a (query, identity), a column a source, NaN where missing.

    "reranked or centre" means centre where nothing was re-ranked. Raises ValueError where a wanted
    source, and every alternative to it, is silent.
    """
    present = set(table["source"])
    sources = list(dict.fromkeys(_first_present(one, present) for one in wanted))
    heard = table[table["source"].isin(sources)]
    return heard.pivot(index=["query", "identity"], columns="source", values="score")[sources]


def _first_present(wanted: str, present: set[str]) -> str:
    for source in wanted.split(" or "):
        if source in present:
            return source
    raise ValueError(f"no evidence from {wanted!r}; there is evidence from {sorted(present)}")


def save(table: pd.DataFrame, path: Path) -> None:
    """Write as parquet, whole or not at all; repeated text is stored once."""
    text = table[COLUMNS[:-1]].astype("category")
    coded = text.assign(score=table["score"].astype(np.float32))
    tables.write_parquet(coded, path)


def load(path: Path) -> pd.DataFrame:
    """Read what `save` wrote; raises ValueError naming the file where the columns differ."""
    table = pd.read_parquet(path)
    if list(table.columns) != COLUMNS:
        raise ValueError(f"{path}: columns are {list(table.columns)}, expected {COLUMNS}")
    return table.astype({**dict.fromkeys(COLUMNS[:-1], str), "score": np.float64})
