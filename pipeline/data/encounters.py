"""Encounters: photographs that were taken at one place and time, and so depend on each other.

The place is the column `place`; without it, positions linked by distances of at most some metres;
without a position, the camera. By `burst`, an encounter lasts while the next photograph follows
within some minutes; by `day`, it has the whole day. Photographs of one sequence are in one
encounter.
"""

import numpy as np
import pandas as pd

from pipeline.data import occasions, positions
from pipeline.params import Encounters


def group_photographs(table: pd.DataFrame, settings: Encounters) -> np.ndarray:
    """Number the encounters of n photographs (rows of "occasions"): the row of their first one.

    A photograph without a date is alone, unless its sequence says otherwise.
    """
    table = table.reset_index(drop=True)
    place = name_places(table, settings.metres)
    dated = (table["date"] != "").to_numpy()
    keys = [number_runs(table[dated], place[dated], settings)]
    sequenced = table[table["sequence"] != ""]
    # many programs number sequences anew for every camera and day
    own = place[sequenced.index.to_numpy()]
    keys.append(own + "\n" + sequenced["date"] + "\n" + sequenced["sequence"])
    return join(len(table), keys)


def name_places(table: pd.DataFrame, metres: float) -> np.ndarray:
    """A name of the place of n photographs, object; "" if nothing is known of it."""
    place = ("camera " + table["camera"]).where(table["camera"] != "", "")
    located = (table["latitude"] != "") & (table["longitude"] != "")
    if located.any():
        degrees = table.loc[located, ["latitude", "longitude"]].astype(float)
        numbers = positions.number_places(degrees.to_numpy(), metres)
        names = pd.Series([f"position {number}" for number in numbers], degrees.index)
        place = place.mask(located, names.astype(object))
    place = place.mask(table["place"] != "", "place " + table["place"])
    return place.to_numpy(dtype=object)


def number_runs(table: pd.DataFrame, place: np.ndarray, settings: Encounters) -> pd.Series:
    """Number the encounters of photographs with dates; the index is that of `table`.

    Where a photograph has no time, nothing tells it from the others of its day.
    """
    rows = pd.DataFrame(
        {"place": place, "date": table["date"], "instant": occasions.parse_instants(table)},
        table.index,
    )
    by_day = rows["instant"].isna().groupby([rows["place"], rows["date"]]).transform("any")
    if settings.by == "day":
        by_day[:] = True
    days = rows[by_day]
    runs = rows[~by_day].sort_values(["place", "instant"], kind="stable")
    gap = runs["instant"].diff() > pd.Timedelta(minutes=settings.minutes)
    begins = gap | (runs["place"] != runs["place"].shift())
    numbers = days.groupby(["place", "date"]).ngroup()
    return pd.concat([numbers, len(rows) + begins.cumsum()])


def join(count: int, keys: list[pd.Series]) -> np.ndarray:
    """The number of each of `count` rows: the first row that it is joined with.

    keys : each by rows, of which those with one value are joined
    """
    ends = [
        (rows[:-1], rows[1:])
        for key in keys
        for rows in (key.index.to_numpy()[own] for own in key.groupby(key).indices.values())
    ]
    if not ends:
        return np.arange(count)
    from scipy.sparse import coo_matrix  # 20 MB, and most collections have no dates
    from scipy.sparse.csgraph import connected_components

    first, second = (np.concatenate(rows) for rows in zip(*ends, strict=True))
    links = coo_matrix((np.ones(len(first)), (first, second)), (count, count))
    _, labels = connected_components(links, directed=False)
    start = pd.Series(np.arange(count)).groupby(labels).min()
    return start.to_numpy()[labels]
