"""What is compared with what: each fold's gallery and queries."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipeline.data.gallery import TEST


@dataclass(frozen=True)
class FoldInput:
    """What is compared in one fold.

    gallery, queries : the member's rows (`pipeline.data.gallery`)
    nearest : the nearest gallery images of each query by embedding (query, rank, image)
    viewpoints : of the photographs whose viewpoint is known
    """

    gallery: pd.DataFrame
    queries: pd.DataFrame
    nearest: pd.DataFrame
    viewpoints: dict[str, str]


@dataclass(frozen=True)
class FoldQuery:
    """One query against the gallery of one fold.

    nearest : gallery photographs to verify besides those with the most votes
    duplicates : gallery photographs that are duplicates of the query: it is not compared with them
    truth : the identity or new_whale; None for the test's queries
    """

    fold: int
    nearest: list[str]
    duplicates: list[str]
    truth: str | None


@dataclass(frozen=True)
class Galleries:
    """What queries are compared with.

    rows : image and identity of all galleries, each photograph once
    folds : the images of each fold's gallery
    viewpoints : of the photographs whose viewpoint is known; two are never compared
    """

    rows: pd.DataFrame
    folds: Mapping[int, pd.Series]
    viewpoints: Mapping[str, str]


def merge_galleries(galleries: list[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate the rows of all galleries, each photograph once, sorted by name."""
    return pd.concat(galleries).drop_duplicates("image").sort_values("image", ignore_index=True)


def build_queries(
    folds: dict[int, FoldInput], duplicates: pd.DataFrame, shortlist: int
) -> dict[str, list[FoldQuery]]:
    """List what each query is compared with, one entry per fold that has the query.

    duplicates : the table "duplicates"
    shortlist : how many of the nearest photographs are verified
    """
    queries: dict[str, list[FoldQuery]] = {}
    for fold, data in folds.items():
        shortlisted = data.nearest[data.nearest["rank"] < shortlist]
        nearest = shortlisted.groupby("query")["image"].agg(list).to_dict()
        copies = find_duplicates(duplicates, data.gallery)
        columns = data.queries[["image", "kind", "truth"]]
        for name, kind, truth in columns.itertuples(index=False):
            known_truth = None if kind == TEST else truth
            query = FoldQuery(fold, nearest.get(name, []), copies.get(name, []), known_truth)
            queries.setdefault(name, []).append(query)
    return queries


def find_duplicates(duplicates: pd.DataFrame, gallery: pd.DataFrame) -> dict[str, list[str]]:
    """List every gallery photograph that is a duplicate of a query, by query.

    The table "duplicates" names only one of them.
    """
    group = gallery.set_index("image")["group"]
    images = gallery.groupby("group")["image"].agg(list)
    present = duplicates[duplicates["duplicate_of"].isin(group.index)]
    pairs = zip(present["image"], present["duplicate_of"], strict=True)
    return {query: images[group[duplicate]] for query, duplicate in pairs}
