"""The queries of one set matched with each other, to find the photographs of an unknown individual.

No gallery has an unknown individual: its photographs are found among the other queries alone. They
are matched as with a gallery in which every photograph is an individual of its own: the shortlist
of each has those with the most consistent votes, and the nearest by embedding. Of the held-out
queries only some are matched (`gallery.choose_peers`): their pairs teach and measure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import faiss
import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data.features import Features
from pipeline.data.gallery import choose_peers
from pipeline.data.viewpoints import are_comparable
from pipeline.params import Match
from pipeline.paths import TEST, QuerySet
from pipeline.steps.match.match import has_features, match_flat, start_threads
from pipeline.steps.match.matcher import Matcher
from pipeline.steps.match.matches import Matches, build_empty
from pipeline.steps.match.queries import Galleries, Query
from pipeline.steps.match.query_matches import QueryMatches

BLOCK = 1000  # photographs whose similarities are in memory at once
# the members' held-out folds, and images -> n x d unit vectors
Embed = Callable[[Sequence[int], Sequence[str]], np.ndarray]


def match_peers(
    features: Features,
    sets: Mapping[QuerySet, pd.DataFrame],
    embed: Embed,
    viewpoints: Mapping[str, str],
    params: Match,
    detector: str,
) -> dict[QuerySet, Matches]:
    """Match the held-out queries of each fold, and the TEST's, with each other.

    sets : queries as `pipeline.data.gallery` gives them; embed : by the members of some folds
    viewpoints : of the photographs whose viewpoint is known; two are never compared

    Nothing without `params.peers`. A pair that is in both shortlists is matched once.
    """
    if not params.peers:
        return {key: build_empty() for key in sets}
    images = {key: choose_peers(rows)["image"] for key, rows in sets.items()}
    every = pd.concat(images.values()).sort_values(ignore_index=True)
    if not has_features(features, every):
        return {key: build_empty() for key in sets}
    folds = [int(key) for key in sets if key != TEST]
    queries = {}
    for key, own in images.items():
        vectors = embed(folds if key == TEST else [int(key)], own.tolist())
        nearest = find_nearest(own, vectors, viewpoints, params.shortlist)
        queries[key] = {image: Query(key, near, [image], None) for image, near in nearest.items()}
    galleries = Galleries(pd.DataFrame({"image": every, "identity": every}), images, viewpoints)
    faiss.omp_set_num_threads(1)
    return match_flat(Matcher(features, galleries, params, detector), queries, match_pairs_once)


def find_nearest(
    images: pd.Series, vectors: np.ndarray, viewpoints: Mapping[str, str], count: int
) -> dict[str, list[str]]:
    """The `count` nearest others of each of n photographs, by n x d unit vectors."""
    names = images.to_numpy(object)
    words = np.array([viewpoints.get(image, "") for image in names], object)
    found = {}
    for start in range(0, len(names), BLOCK):
        similarities = vectors[start : start + BLOCK] @ vectors.T
        for row, one in enumerate(similarities, start):
            one[~are_comparable(words[row], words)] = -np.inf
            one[row] = -np.inf
            order = np.argsort(-one, kind="stable")[:count]
            found[names[row]] = names[order[np.isfinite(one[order])]].tolist()
    return found


def match_pairs_once(matcher: Matcher, queries: Sequence[tuple[str, Query]]) -> list[QueryMatches]:
    """Match queries with each other, a pair that is in both shortlists once."""
    with start_threads() as pool:
        voted = list(pool.map(matcher.vote, *zip(*queries, strict=True)))
        found = pool.map(matcher.verify, leave_out_reversed(voted))
        return list(tqdm(found, "match with each other", len(queries), unit="query", mininterval=2))


def leave_out_reversed(voted: Sequence[QueryMatches]) -> list[QueryMatches]:
    """Leave out of the selections the second of two that are the same pair."""
    selected = {
        (one.query, image) for one in voted for part in one.selections for image in part.images
    }

    def is_first(query: int, image: int) -> bool:
        return query < image or (image, query) not in selected

    def thin(one: QueryMatches) -> QueryMatches:
        parts = [
            replace(part, images=[image for image in part.images if is_first(one.query, image)])
            for part in one.selections
        ]
        return replace(one, selections=parts)

    return [thin(one) for one in voted]
