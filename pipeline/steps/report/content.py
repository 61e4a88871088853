"""All that a page shows, from the tables of earlier stages.

ensemble, card   the ensemble's name and its score card
sources          the scores that speak, in the order of every answer's chances
images           photographs by name, queries: see `entries.py`
thumbnails       by number, base64
map              m, the member; p, points: x, y (thousandths), image, identity, mark
copies           see `copies.py`
of               how many queries, copies and points of the map there are; not all may be shown
looks            q, g, two photographs; h, the first with what makes it like the second, base64
masks            see `masks.py`
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.data import gallery
from pipeline.data.features import Features
from pipeline.data.gallery import Embeddings
from pipeline.params import Report
from pipeline.steps.report import answers, arguments, copies, entries, layout, rank_changes

COPIES = 60  # groups on a page


@dataclass(frozen=True)
class Sources:
    """What earlier stages left behind, of one ensemble.

    card : the score card
    rankings, tested, posteriors, chances : of `submission` and `ensemble`; tested is the CSV
    near, pairs, points : neighbours and what `match` looked at, of all members and folds
    reranked : the evidence of the first member's folds, by fold; none without a second look
    first, second : the scores that order the candidates before and after it
    features, crops : of all photographs
    images, boxes, groups, labels, folds : tables
    member, embeddings : one member's name, and what it makes of all photographs
    """

    card: dict[str, Any]
    rankings: pd.DataFrame
    tested: pd.DataFrame
    posteriors: pd.DataFrame
    chances: pd.DataFrame
    near: pd.DataFrame
    pairs: pd.DataFrame
    points: pd.DataFrame
    reranked: dict[int, pd.DataFrame]
    first: str
    second: str
    features: Features
    crops: np.ndarray
    images: pd.DataFrame
    boxes: pd.DataFrame
    groups: pd.DataFrame
    labels: pd.DataFrame
    folds: pd.DataFrame
    member: str
    embeddings: Embeddings


def content(name: str, known: Sources, params: Report, seed: int) -> dict[str, Any]:
    """What the page of the ensemble `name` is made of; `looks` and `masks` are to be added."""
    every = answers.listed(known.rankings, known.tested, known.posteriors)
    listed = answers.most_telling(every, params.queries)
    said = evidence(listed, known)
    grouped = copies.groups(known.groups, known.images, known.labels)
    also = [image for group in grouped[:COPIES] for image in group["g"]]
    shown = pd.unique(pd.Series([*listed["query"], *said.arguing["image"], *also])).tolist()
    images, thumbnails = entries.images(
        shown, known.images, known.boxes, known.crops, params.megabytes * 1e6
    )
    return {
        "ensemble": name,
        "card": known.card,
        "sources": said.spoken.columns.tolist(),
        "images": images,
        "thumbnails": thumbnails,
        "queries": entries.queries(listed, said, counts(known.folds)),
        "map": {"m": known.member, "p": laid_out(known, grouped, seed)},
        "copies": grouped[:COPIES],
        "of": {
            "queries": every["query"].nunique(),
            "copies": len(grouped),
            "map": len(known.embeddings.names),
        },
    }


def evidence(listed: pd.DataFrame, known: Sources) -> entries.Evidence:
    """What speaks for the answers that are listed."""
    arguing = arguments.photographs(listed, known.pairs, known.near)
    sizes = known.images.set_index("image")[["width", "height"]]
    moved: dict[str, tuple[list[str], list[str]]] = {}
    for own in known.reranked.values():
        moved = rank_changes.moves(own, known.first, known.second) | moved
    return entries.Evidence(
        arguing,
        arguments.lines(arguing, known.points, known.features, sizes),
        known.chances.set_index(["query", "identity"]),
        moved,
    )


def counts(folds: pd.DataFrame) -> dict[tuple[int, str], int]:
    """Photographs of every identity in every fold's gallery."""
    held = sorted(set(folds["fold"]) - {-1})
    return {
        (fold, identity): int(count)
        for fold in held
        for identity, count in gallery.gallery_rows(folds, fold)["identity"].value_counts().items()
    }


def laid_out(known: Sources, grouped: list[dict], seed: int) -> list[list]:
    """The map's points; photographs of the test have no identity."""
    rows = layout.chosen(len(known.embeddings.names), seed)
    places = layout.plane(known.embeddings.vectors[rows], seed)
    named = known.labels[known.labels["only_fold"] == ""].set_index("image")["identity"]
    marks = {
        image: "conflict" if group["c"] else "copy" for group in grouped for image in group["g"]
    }
    return [
        [
            *np.rint(1000 * place).astype(int).tolist(),
            image,
            named.get(image, ""),
            marks.get(image, ""),
        ]
        for image, place in zip(known.embeddings.names[rows].tolist(), places, strict=True)
    ]
