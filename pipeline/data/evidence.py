"""The evidence table: the score of every source for every pair of query and candidate.

    query      identity   member    source    score
    0a3f.jpg   w_1        lite0-2   nearest   .81
    0a3f.jpg   w_1        lite0-2   vote      .40
    0a3f.jpg   w_7        lite0-2   nearest   .78

A source scores the candidates that it has, higher is better; a candidate that a source leaves out
is missing, not zero. Only `ensemble` and `submission` make rankings of evidence.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import tables
from pipeline.system.errors import UserError

COLUMNS = ["query", "identity", "member", "source", "score"]
LOCAL = "local"  # the member of local features, which belong to no backbone


def build(
    queries: np.ndarray, identities: np.ndarray, member: str, scores: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """Stack the scores of n pairs, n numbers per source; NaN where a score is missing."""
    stacked = []
    for source, values in scores.items():
        present = ~np.isnan(values)
        pairs = pd.DataFrame({"query": queries[present], "identity": identities[present]})
        stacked.append(pairs.assign(member=member, source=source, score=values[present]))
    return pd.concat(stacked, ignore_index=True)[COLUMNS] if stacked else build_empty()


def build_empty() -> pd.DataFrame:
    """A table without rows, as a stage writes it that is switched off."""
    text = {name: pd.Series(dtype=str) for name in COLUMNS[:-1]}
    return pd.DataFrame({**text, "score": pd.Series(dtype=np.float64)})


def pivot(table: pd.DataFrame, sources: Sequence[str]) -> pd.DataFrame:
    """Pivot one member's evidence: one row per (query, identity), one column per source.

    Missing scores are NaN, as is the whole column of a source that the table has no row of.
    """
    rows = table[table["source"].isin(sources)]
    wide = rows.pivot(index=["query", "identity"], columns="source", values="score")
    return wide.reindex(columns=list(sources))


def choose_sources(scores: Iterable[str], present: Collection[str]) -> list[str]:
    """The sources that scores name; "reranked or centre" is centre if nothing was re-ranked.

    present : the sources that there is evidence from, of all queries: one query may lack some

    Raises ValueError if a source and every alternative to it are missing.
    """
    return list(dict.fromkeys(_choose_source(score, present) for score in scores))


def _choose_source(score: str, present: Collection[str]) -> str:
    for source in score.split(" or "):
        if source in present:
            return source
    raise ValueError(f"no evidence from {score!r}; there is evidence from {sorted(present)}")


def save(table: pd.DataFrame, path: Path) -> None:
    """Write as parquet, whole or not at all; repeated text is stored once."""
    text = table[COLUMNS[:-1]].astype("category")
    coded = text.assign(score=table["score"].astype(np.float32))
    tables.write_parquet(coded, path)


def read_sources(path: Path) -> set[str]:
    """The sources that the table in a file has rows of."""
    return set(tables.read_parquet(path, ["source"])["source"].unique())


def load(path: Path) -> pd.DataFrame:
    """Read what `save` wrote; raises UserError naming the file if the columns differ."""
    table = tables.read_parquet(path)
    if list(table.columns) != COLUMNS:
        raise UserError(f"{path}: columns are {list(table.columns)}, expected {COLUMNS}")
    return table.astype({**dict.fromkeys(COLUMNS[:-1], str), "score": np.float64})
