"""What is compared with what: each fold's gallery and queries, and who asks what of a query."""

from dataclasses import dataclass

import pandas as pd

from pipeline.data import viewpoints
from pipeline.data.gallery import TEST


@dataclass(frozen=True)
class Fold:
    """What one member compares: its gallery and queries (`pipeline.data.gallery`), the nearest
    gallery images of each query by embedding (query, rank, image), and the side of every
    photograph whose side is known.
    """

    gallery: pd.DataFrame
    queries: pd.DataFrame
    near: pd.DataFrame
    side: dict[str, str]


@dataclass(frozen=True)
class Question:
    """One query as one fold asks it.

    near : gallery photographs to look at besides those with the most votes
    hidden : copies of the query and photographs of another side, which are not asked
    truth : the identity or new_whale; None for the test's queries
    """

    fold: int
    near: list[str]
    hidden: list[str]
    truth: str | None


def together(galleries: list[pd.DataFrame]) -> pd.DataFrame:
    """The rows of all galleries, each photograph once."""
    return pd.concat(galleries).drop_duplicates("image").sort_values("image", ignore_index=True)


def asked(folds: dict[int, Fold], twins: pd.DataFrame, shortlist: int) -> dict[str, list[Question]]:
    """Each query's questions, one a fold that asks it."""
    questions: dict[str, list[Question]] = {}
    for fold, one in folds.items():
        close = one.near[one.near["rank"] < shortlist].groupby("query")["image"].agg(list)
        close, copies = close.to_dict(), copies_of(twins, one.gallery)
        strange = viewpoints.hidden(one.gallery["image"], one.side)
        columns = one.queries[["image", "kind", "truth"]]
        for name, kind, truth in columns.itertuples(index=False):
            known = None if kind == TEST else truth
            unasked = copies.get(name, []) + strange.get(one.side.get(name, ""), [])
            question = Question(fold, close.get(name, []), unasked, known)
            questions.setdefault(name, []).append(question)
    return questions


def copies_of(twins: pd.DataFrame, gallery: pd.DataFrame) -> dict[str, list[str]]:
    """Every gallery photograph that is the same as a query, by query; "twins" names only one."""
    group = gallery.set_index("image")["group"]
    images = gallery.groupby("group")["image"].agg(list)
    shown = twins[twins["twin"].isin(group.index)]
    pairs = zip(shown["image"], shown["twin"], strict=True)
    return {query: images[group[twin]] for query, twin in pairs}
