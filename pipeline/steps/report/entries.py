"""Queries, answers and photographs as entries of the report's JSON.

The keys are short, since thousands of entries repeat them.

a photograph   t, its thumbnail's number; w, h, pixels; c, the crop's corners; m, the mask's
               outline
a query        q, image; k, kind; t, truth; f, fold; n, photographs of the truth in the gallery;
               a, its answers; b, the first candidates before and after re-ranking; u, the number
               of the unknown individual, of a test photograph that is called new
an answer      i, identity; p, posterior; g, its best match in the gallery; x, matched points (none
               if the keypoints were not compared); l, these points; s, the probability by each
               source
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data.tables import NEW_WHALE
from pipeline.steps.report import outlines, photographs

DIGITS = 4


@dataclass(frozen=True)
class Details:
    """What the report shows beside an answer.

    best_matches : columns query, identity, image, inliers (`best_matches.select_best_matches`)
    lines : matched points by (query, image)
    source_probabilities : rows (query, identity), one column per source
    rank_changes : by query, the identities of the first candidates before and after re-ranking
    unknown : the number of the unknown individual, by query
    """

    best_matches: pd.DataFrame
    lines: dict[tuple[str, str], list[int]]
    source_probabilities: pd.DataFrame
    rank_changes: dict[str, tuple[list[str], list[str]]]
    unknown: dict[str, int]


def build_queries(
    answers: pd.DataFrame, details: Details, gallery_sizes: dict[str, int]
) -> list[dict[str, Any]]:
    """The entries of all queries.

    answers : one row per answer (`answers.COLUMNS`)
    gallery_sizes : photographs of the truth in the gallery, by query
    """
    best = details.best_matches.set_index(["query", "identity"])[["image", "inliers"]]
    matches = {key: (image, inliers) for key, image, inliers in best.itertuples(name=None)}
    table = details.source_probabilities.dropna()  # NaN: no known pair to fit them on
    probabilities = dict(zip(table.index, table.round(DIGITS).to_numpy().tolist(), strict=True))
    entries = []
    for name, rows in answers.groupby("query", sort=False):
        query, first = str(name), rows.iloc[0]
        entry = {"q": query, "k": first["kind"], "t": first["truth"], "f": int(first["fold"])}
        entry["n"] = gallery_sizes.get(query, 0)
        entry["a"] = [
            build_answer((query, identity), posterior, matches, details.lines, probabilities)
            for identity, posterior in rows[["identity", "posterior"]].itertuples(index=False)
        ]
        if query in details.rank_changes:
            entry["b"] = details.rank_changes[query]
        if query in details.unknown:
            entry["u"] = details.unknown[query]
        entries.append(entry)
    return entries


def build_answer(
    key: tuple[str, str],
    posterior: float,
    matches: dict[tuple[str, str], tuple[str, float]],
    lines: dict[tuple[str, str], list[int]],
    probabilities: dict[tuple[str, str], list[float]],
) -> dict[str, Any]:
    """The entry of one answer, `key` (query, identity); new_whale has no photograph."""
    query, identity = key
    entry: dict[str, Any] = {"i": identity, "p": round(float(posterior), DIGITS)}
    if identity == NEW_WHALE or key not in matches:
        return entry
    image, inliers = matches[key]
    entry["g"] = image
    if not np.isnan(inliers):
        entry["x"] = int(inliers)
    if (query, image) in lines:
        entry["l"] = lines[query, image]
    if key in probabilities:
        entry["s"] = probabilities[key]
    return entry


def build_photographs(
    names: list[str], images: pd.DataFrame, boxes: pd.DataFrame, crops: np.ndarray, budget: float
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The entries of these photographs, and their thumbnails in the same order.

    images, boxes : tables "images" and "boxes", row by row as `crops` (n x height x width x 4)
    budget : bytes of all thumbnails
    """
    row = {name: i for i, name in enumerate(images["image"])}
    height, width = crops.shape[1:3]
    files = images[["width", "height", "path"]].to_dict("records")
    transforms = boxes.to_dict("records")
    entries = {}
    for number, name in enumerate(names):
        i = row[name]
        size = files[i]["width"], files[i]["height"]
        mask = np.ascontiguousarray(crops[i, :, :, 3])
        entries[name] = {
            "t": number,
            "w": size[0],
            "h": size[1],
            "c": outlines.outline_crop(transforms[i], (width, height), *size),
            "m": outlines.outline_mask(mask, transforms[i], *size),
        }
    paths = [files[row[name]]["path"] for name in names]
    return entries, photographs.encode_within_budget(paths, budget)
