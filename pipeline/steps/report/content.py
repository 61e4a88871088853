"""The content of a report, from the tables of earlier stages.

ensemble, card   the ensemble's name and its score card
sources          the sources of the evidence, in the order of every answer's probabilities
images           photographs by name, and queries: see `entries.py`
thumbnails       by number, base64
map              m, the member; p, points: x, y (thousandths), image, identity, mark
duplicates       see `duplicates.py`
unknown          the photographs of each unknown individual that has several, by its number
counts           queries of each kind (`answers.count_kinds`), those that are not in the report too
limits           posteriors below which a first answer is unsure, and from which on it is sure
total            how many queries, duplicate groups and points of the map there are; not all of
                 them may be in the report
attention        see `attention_maps.py`
masks            see `masks.py`
"""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.data import gallery
from pipeline.data.tables import is_pseudo
from pipeline.params import Report
from pipeline.steps.report import answers, best_matches, duplicates, embedding_map, entries
from pipeline.steps.report.rank_changes import compare_rankings
from pipeline.steps.report.sources import Sources

MAX_DUPLICATE_GROUPS = 60


def build_content(sources: Sources, params: Report, seed: int) -> dict[str, Any]:
    """Everything that the report shows, but `attention` and `masks`.

    params : how many queries, and how large their thumbnails may be
    seed : of the map
    """
    all_answers = answers.list_answers(sources.rankings, sources.test_rankings, sources.posteriors)
    selected = answers.select_queries(all_answers, params.queries)
    details = load_details(selected, sources)
    groups = duplicates.list_groups(sources.groups, sources.images, sources.labels)
    listed_groups = groups[:MAX_DUPLICATE_GROUPS]
    grouped = [image for group in listed_groups for image in group["g"]]
    names = pd.unique(pd.Series([*selected["query"], *details.best_matches["image"], *grouped]))
    photographs, thumbnails = entries.build_photographs(
        names.tolist(), sources.images, sources.boxes, sources.crops, params.megabytes * 1e6
    )
    return {
        "ensemble": sources.ensemble,
        "card": sources.score_card,
        "sources": details.source_probabilities.columns.tolist(),
        "images": photographs,
        "thumbnails": thumbnails,
        "queries": entries.build_queries(
            selected, details, count_gallery_photographs(sources.rankings, sources.fold_table)
        ),
        "map": {"m": sources.members[0].name, "p": build_map(sources, groups, seed)},
        "duplicates": listed_groups,
        "unknown": list_several(sources.unknown),
        "counts": answers.count_kinds(all_answers),
        "limits": {"unsure": answers.UNSURE, "sure": answers.SURE},
        "total": {
            "queries": all_answers["query"].nunique(),
            "duplicates": len(groups),
            "map": len(sources.embeddings.names),
        },
    }


def load_details(selected: pd.DataFrame, sources: Sources) -> entries.Details:
    """What the report shows beside each of the selected answers."""
    matches = best_matches.select_best_matches(
        selected, sources.load_pairs(selected), sources.load_neighbours(selected)
    )
    changes: dict[str, tuple[list[str], list[str]]] = {}
    if sources.scores[1]:
        for evidence in sources.load_rerank_evidence():
            changes = compare_rankings(evidence, *sources.scores) | changes
    return entries.Details(
        matches,
        best_matches.build_match_lines(
            matches, sources.load_points(matches), sources.canvases, sources.sizes
        ),
        sources.source_probabilities,
        changes,
        dict(zip(sources.unknown["image"], sources.unknown["group"].tolist(), strict=True)),
    )


def list_several(unknown: pd.DataFrame) -> dict[str, list[str]]:
    """The photographs of each unknown individual with two or more, by its number."""
    groups = unknown.groupby("group")["image"].agg(list)
    return {str(number): images for number, images in groups.items() if len(images) > 1}


def count_gallery_photographs(rankings: pd.DataFrame, folds: pd.DataFrame) -> dict[str, int]:
    """How many photographs of its individual a held-out query's gallery has, by query."""
    counts = gallery.count_of_truth(folds, rankings)
    return dict(zip(rankings["image"], counts.tolist(), strict=True))


def build_map(sources: Sources, groups: list[dict[str, Any]], seed: int) -> list[list[Any]]:
    """The points of the map; test photographs have no identity.

    groups : the duplicate groups, whose photographs are marked
    """
    embeddings = sources.embeddings
    rows = embedding_map.sample_rows(len(embeddings.names), seed)
    positions = embedding_map.project(embeddings.vectors[rows], seed)
    labels = sources.labels
    identities = labels[~is_pseudo(labels)].set_index("image")["identity"]
    marks = {
        image: "conflict" if group["c"] else "duplicate" for group in groups for image in group["g"]
    }
    return [
        [
            *np.rint(1000 * position).astype(int).tolist(),
            image,
            identities.get(image, ""),
            marks.get(image, ""),
        ]
        for image, position in zip(embeddings.names[rows].tolist(), positions, strict=True)
    ]
