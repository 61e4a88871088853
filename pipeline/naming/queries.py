"""The queries: new photographs, and the catalogue's own, which the blend is fitted on.

A photograph of the catalogue is compared with all others, leave-one-out: a query of a known
individual, if another photograph shows it. It is also compared with all but those of its own
individual, as a new one would be. A few hundred of both kinds are enough for the few numbers that
are fitted.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.data.gallery import KNOWN, TEST, UNSEEN
from pipeline.data.tables import NEW_WHALE
from pipeline.naming.gallery import Known

MAX_KNOWN, MAX_NEW = 300, 150  # photographs of the catalogue that are compared in either way
MORE_KNOWN, MORE_NEW = 700, 250  # if the answer may take longer: as many beside these
SEED = 0
TEXT = ("image", "kind", "truth", "cluster")  # columns of the table of queries


@dataclass(frozen=True)
class NameQuery:
    """A photograph and what it is not compared with.

    image : its name among the features and embeddings
    left_out : images of the gallery
    kind, truth, individual, group : as in the tables of queries
    """

    image: str
    left_out: tuple[str, ...]
    kind: str
    truth: str
    individual: str
    group: int


def build_new_query(image: str) -> NameQuery:
    """The query of a new photograph."""
    return NameQuery(image, (), TEST, "", "", -1)


def build_catalogue_queries(known: Known, thorough: bool = False) -> list[NameQuery]:
    """The catalogue's own queries, known ones and new ones, sampled if there are many.

    thorough : more of them; those of a quick answer are among them
    """
    rows = known.rows
    contents = rows.groupby("identity")["group"].transform("nunique")
    # a photograph of two individuals would be its own best match
    single = rows.groupby("group")["identity"].transform("nunique") == 1
    several = rows[(contents > 1) & single]
    chosen = sample(several, MAX_KNOWN, SEED)
    left_out = sample_new(rows[single], contents[single])
    if thorough:
        chosen = add_more(chosen, several, MORE_KNOWN)
    if thorough and len(left_out):
        left_out = add_more(left_out, rows[single], MORE_NEW)
    others = rows.groupby("identity")["image"].agg(tuple).to_dict()
    queries = [
        NameQuery(image, (image,), KNOWN, identity, identity, group)
        for image, identity, group in list_rows(chosen)
    ]
    return queries + [
        NameQuery(image, others[identity], UNSEEN, NEW_WHALE, identity, group)
        for image, identity, group in list_rows(left_out)
    ]


def list_rows(rows: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Image, identity and group of each row."""
    columns = (rows[name].tolist() for name in ("image", "identity", "group"))
    return list(zip(*columns, strict=True))


def sample_new(rows: pd.DataFrame, contents: pd.Series) -> pd.DataFrame:
    """The photographs that stand for new individuals: individuals with one photograph come first.

    In a catalogue of two individuals a query without its own has one candidate, too few to fit on.
    """
    if rows["identity"].nunique() < 3:
        return rows.iloc[:0]
    alone = sample(rows[contents == 1], MAX_NEW, SEED)
    others = sample(rows[contents > 1], MAX_NEW - len(alone), SEED + 1)
    return pd.concat([alone, others])


def add_more(chosen: pd.DataFrame, rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """The chosen rows and, at most, so many of the others."""
    return pd.concat([chosen, sample(rows.drop(chosen.index), count, SEED)])


def sample(rows: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """At most `count` of the rows, in their order."""
    if len(rows) <= count:
        return rows
    chosen = np.random.default_rng(seed).choice(len(rows), count, replace=False)
    return rows.iloc[np.sort(chosen)]


def tabulate(queries: list[NameQuery]) -> pd.DataFrame:
    """The queries as `gallery.query_rows` gives those of a member."""
    columns = {
        "image": [query.image for query in queries],
        "group": [query.group for query in queries],
        "kind": [query.kind for query in queries],
        "truth": [query.truth for query in queries],
        "fold": -1,
        "part": -1,
        "cluster": [query.individual for query in queries],
    }
    # without any query, text columns would be columns of numbers
    return pd.DataFrame(columns).astype(dict.fromkeys(TEXT, object))
