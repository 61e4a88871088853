"""What held-out photographs would seem to score if those of one encounter were split.

The folds never split an encounter, so that the score card's scores are those of a new occasion.
Elsewhere photographs are often split one by one: then most queries find one of the same minute in
the gallery. How much that flatters is measured on the embeddings, which needs no second training:
the nearest photograph is searched in the query's own gallery, and again with the other photographs
of its encounter added to it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data import gallery, viewpoints
from pipeline.data.gallery import KNOWN
from pipeline.steps.score.score import round_scores

BLOCK = 512  # queries that are compared with the gallery at once
# held-out fold, images -> n x d unit vectors of the members with that fold held out
Embed = Callable[[int, Sequence[str]], np.ndarray]


def compare_splits(
    folds: pd.DataFrame,
    held_outs: Sequence[int],
    photograph: Mapping[str, int],
    encounter: Mapping[str, int],
    viewpoint: Mapping[str, str],
    embed: Embed,
) -> dict[str, float | str | None]:
    """Top-1 of the nearest photograph with encounters split, and as if photographs were.

    folds : table "folds"; held_outs : the ensemble's folds
    photograph, encounter : the duplicate group and the encounter of every image
    viewpoint : as of `artefacts.load_viewpoints`

    Queries are those of individuals that the gallery has in both cases, and the members are the
    same: what training on photographs of the same encounter adds is not in it. `same_encounter` is
    the fraction of queries with one of their individual. Nothing if no query has one.
    """
    rows = gallery.gallery_rows(folds)
    tables = [rows, *(gallery.held_out_rows(folds, [fold]) for fold in held_outs)]
    for table in tables:
        table["photograph"] = table["image"].map(photograph)
        table["encounter"] = table["image"].map(encounter)
        table["viewpoint"] = [viewpoint.get(image, "") for image in table["image"]]
    found = [
        search(queries[queries["kind"] == KNOWN], rows, partial(embed, fold))
        for fold, queries in zip(held_outs, tables[1:], strict=True)
    ]
    scores = np.concatenate([np.empty((0, 3)), *found])
    if not scores[:, 2].any():
        return {}
    names = ("top1_nearest_encounters_split", "top1_nearest_photographs_split", "same_encounter")
    return round_scores(dict(zip(names, scores.mean(axis=0).tolist(), strict=True)))


def search(
    queries: pd.DataFrame, rows: pd.DataFrame, embed: Callable[[Sequence[str]], np.ndarray]
) -> np.ndarray:
    """Of q queries of a fold: right in the first and in the second gallery, met; q x 3 of 0 and 1.

    rows : of the test's gallery; both tables with photograph, encounter and viewpoint
    """
    found = [np.empty((0, 3))]
    vectors = embed(rows["image"].tolist()) if len(queries) else np.empty((0, 0))
    mates = {int(str(key)): np.asarray(at) for key, at in rows.groupby("encounter").indices.items()}
    for (fold, part, word), group in queries.groupby(["fold", "part", "viewpoint"]):
        comparable = viewpoints.are_comparable(str(word), rows["viewpoint"].to_numpy(dtype=object))
        hidden = gallery.is_hidden(rows, int(str(fold)), int(str(part))).to_numpy()
        for start in range(0, len(group), BLOCK):
            block = group[start : start + BLOCK]
            similarity = embed(block["image"].tolist()) @ vectors.T
            honest = np.where(comparable & ~hidden, similarity, -np.inf)
            found += [
                _compare(query, rows, honest[at], similarity[at], comparable, mates)
                for at, query in enumerate(block.to_dict("records"))
            ]
    return np.vstack(found)


def _compare(
    query: Mapping[Any, Any],
    rows: pd.DataFrame,
    honest: np.ndarray,
    similarity: np.ndarray,
    comparable: np.ndarray,
    mates: Mapping[int, np.ndarray],
) -> np.ndarray:
    """One row of `search`; honest : the similarities, -inf of what is not in the gallery."""
    own = mates.get(query["encounter"], np.empty(0, int))
    own = own[comparable[own] & (rows["photograph"].to_numpy()[own] != query["photograph"])]
    same = rows["identity"].to_numpy() == query["truth"]
    flattered = honest.copy()
    flattered[own] = similarity[own]
    # a query that is comparable with nothing has no nearest photograph
    right = [same[s.argmax()] and np.isfinite(s.max()) for s in (honest, flattered)]
    return np.array([*right, same[own].any()], float)
