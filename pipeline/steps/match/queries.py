"""What is compared with what: the galleries, and every query's one."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.data.gallery import TEST, gallery_rows, split_by_gallery


@dataclass(frozen=True)
class Query:
    """One query against one gallery.

    gallery : the gallery's key in `Galleries`
    nearest : gallery photographs to verify besides those with the most votes
    duplicates : gallery photographs that are duplicates of the query: it is not compared with them
    truth : the identity or new_whale; None for the test's queries
    """

    gallery: Hashable
    nearest: list[str]
    duplicates: list[str]
    truth: str | None


@dataclass(frozen=True)
class Galleries:
    """What queries are compared with.

    rows : image and identity of all galleries, each photograph once
    images : the photographs of each gallery, by a key
    viewpoints : of the photographs whose viewpoint is known; two are never compared
    """

    rows: pd.DataFrame
    images: Mapping[Any, pd.Series]
    viewpoints: Mapping[str, str]


def build_galleries(
    folds: pd.DataFrame, queries: pd.DataFrame, viewpoints: Mapping[str, str]
) -> Galleries:
    """The galleries of held-out and test queries (columns fold, part), by fold and part."""
    images = {
        (queries["fold"].iloc[positions[0]], queries["part"].iloc[positions[0]]): rows["image"]
        for positions, rows in split_by_gallery(folds, queries)
    }
    return Galleries(merge_galleries(folds), images, viewpoints)


def merge_galleries(folds: pd.DataFrame) -> pd.DataFrame:
    """The photographs of all galleries, sorted by name: those that the test is compared with."""
    return gallery_rows(folds).sort_values("image", ignore_index=True)


def build_queries(
    queries: pd.DataFrame, nearest: Mapping[str, list[str]], duplicates: Mapping[str, list[str]]
) -> dict[str, Query]:
    """What each query is compared with, by name.

    queries : as `pipeline.data.gallery` gives them
    nearest : photographs to verify (`merge_nearest`); duplicates : `find_duplicates`
    """
    columns = queries[["image", "fold", "part", "kind", "truth"]]
    return {
        name: Query(
            (fold, part),
            nearest.get(name, []),
            duplicates.get(name, []),
            None if kind == TEST else truth,
        )
        for name, fold, part, kind, truth in columns.itertuples(index=False)
    }


def merge_nearest(tables: Iterable[pd.DataFrame], count: int) -> dict[str, list[str]]:
    """The `count` nearest gallery photographs of each query, by all members that have the query.

    A photograph has its best rank; of equal ones the more similar comes first.

    tables : the neighbours by each member's embeddings (query, rank, image, similarity)
    """
    near = pd.concat([table[table["rank"] < count] for table in tables])
    near = near.sort_values(
        ["query", "rank", "similarity", "image"], ascending=[True, True, False, True]
    ).drop_duplicates(["query", "image"])
    near = near[near.groupby("query").cumcount() < count]
    return {str(query): images.tolist() for query, images in near.groupby("query")["image"]}


def find_duplicates(duplicates: pd.DataFrame, gallery: pd.DataFrame) -> dict[str, list[str]]:
    """List every gallery photograph that is a duplicate of a query, by query.

    The table "duplicates" names only one of them.
    """
    group = gallery.set_index("image")["group"]
    images = gallery.groupby("group")["image"].agg(list)
    present = duplicates[duplicates["duplicate_of"].isin(group.index)]
    pairs = zip(present["image"], present["duplicate_of"], strict=True)
    return {query: images[group[duplicate]] for query, duplicate in pairs}
