"""Queries, answers and photographs as the page's JSON has them: short keys, thousands repeat them.

a photograph   t, its thumbnail's number; w, h, pixels; c, the crop's corners; m, the mask's
               outline
a query        q, image; k, kind; t, truth; f, fold; n, photographs of the truth in the gallery;
               a, its answers; b, the first candidates before and after re-ranking
an answer      i, identity; p, posterior; g, the gallery photograph that argues for it; x,
               matched points (none where the two were not compared so); l, these points; s, each
               source's chance
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.steps.report import outlines, photographs

DIGITS = 4


@dataclass(frozen=True)
class Evidence:
    """What speaks for the answers.

    arguing : query, identity, image, inliers (`arguments.photographs`)
    lines : points by (query, image)
    spoken : chances, rows (query, identity), a column a score
    moved : by query, the identities of the first candidates before and after re-ranking
    """

    arguing: pd.DataFrame
    lines: dict[tuple[str, str], list[int]]
    spoken: pd.DataFrame
    moved: dict[str, tuple[list[str], list[str]]]


def queries(
    answers: pd.DataFrame, said: Evidence, counts: dict[tuple[int, str], int]
) -> list[dict[str, Any]]:
    """The entries of all queries (`answers.COLUMNS`).

    counts : photographs in the gallery, by (fold, identity)
    """
    photo = said.arguing.set_index(["query", "identity"])[["image", "inliers"]]
    shown = {key: (image, inliers) for key, image, inliers in photo.itertuples(name=None)}
    chances = dict(
        zip(said.spoken.index, said.spoken.round(DIGITS).to_numpy().tolist(), strict=True)
    )
    found = []
    for query, own in answers.groupby("query", sort=False):
        one = own.iloc[0]
        entry = {"q": query, "k": one["kind"], "t": one["truth"], "f": int(one["fold"])}
        entry["n"] = counts.get((entry["f"], entry["t"]), 0)
        entry["a"] = [
            answer(query, identity, posterior, shown, said.lines, chances)
            for identity, posterior in own[["identity", "posterior"]].itertuples(index=False)
        ]
        if query in said.moved:
            entry["b"] = said.moved[query]
        found.append(entry)
    return found


def answer(
    query: str,
    identity: str,
    posterior: float,
    shown: dict[tuple[str, str], tuple[str, float]],
    lines: dict[tuple[str, str], list[int]],
    chances: dict[tuple[str, str], list[float]],
) -> dict[str, Any]:
    """One answer's entry; new_whale has no photograph."""
    entry: dict[str, Any] = {"i": identity, "p": round(float(posterior), DIGITS)}
    if identity == NEW_WHALE or (query, identity) not in shown:
        return entry
    image, inliers = shown[query, identity]
    entry["g"] = image
    if not np.isnan(inliers):
        entry["x"] = int(inliers)
    if (query, image) in lines:
        entry["l"] = lines[query, image]
    if (query, identity) in chances:
        entry["s"] = chances[query, identity]
    return entry


def images(
    names: list[str], table: pd.DataFrame, boxes: pd.DataFrame, crops: np.ndarray, budget: float
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The entries of these photographs, and their thumbnails in the same order.

    table, boxes : tables "images" and "boxes", row by row as `crops` (n x height x width x 4)
    budget : bytes of all thumbnails
    """
    row = {name: i for i, name in enumerate(table["image"])}
    height, width = crops.shape[1:3]
    pixels = table[["width", "height", "path"]].to_dict("records")
    cut = boxes.to_dict("records")
    entries = {}
    for number, name in enumerate(names):
        at = row[name]
        size = pixels[at]["width"], pixels[at]["height"]
        entries[name] = {
            "t": number,
            "w": size[0],
            "h": size[1],
            "c": outlines.frame(cut[at], (width, height), *size),
            "m": outlines.outline(np.ascontiguousarray(crops[at, :, :, 3]), cut[at], *size),
        }
    paths = [pixels[row[name]]["path"] for name in names]
    return entries, photographs.fitting(paths, budget)
