"""The step `dedup`: groups of the same photograph, and contradicting labels in them."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from pipeline.data import tables
from pipeline.params import Dedup
from pipeline.steps.dedup import alignment, fingerprints
from pipeline.steps.dedup.candidates import Candidate, find_candidates
from pipeline.system.threads import map_in_threads


def group_images(images: pd.DataFrame, settings: Dedup) -> pd.DataFrame:
    """Build the table "groups": a photograph's number is the row of its first image.

    Byte-identical files come first; then similar hashes (also of the mirror image, if
    `settings.mirror`) whose pixels agree after alignment.
    """
    numbers = np.arange(len(images))
    if settings.enabled and len(images):
        _, first, copies = np.unique(images["sha256"], return_index=True, return_inverse=True)
        order = np.argsort(first)
        heads = find_first_rows(images.iloc[first[order]], settings)
        numbers = first[order][heads[np.argsort(order)[copies]]]
    return pd.DataFrame({"image": images["image"].to_numpy(), "group": numbers})


def find_first_rows(images: pd.DataFrame, settings: Dedup) -> np.ndarray:
    """Find for each row of an "images" table the first row with the same photograph."""
    prints = fingerprints.compute_fingerprints(images)
    pairs = find_candidates(
        prints, settings.hash_distance, settings.mirror, settings.pixel_difference
    )

    def compute_difference(pair: Candidate) -> float:
        inner = prints.thumbnails[pair.inner]
        inner = mirror_image(inner) if pair.mirrored else inner
        return alignment.compute_difference(inner, prints.thumbnails[pair.outer], pair.window)

    def agree(a: int, b: int) -> bool:
        handedness = (False, True) if settings.mirror else (False,)
        differences = (compute_difference(Candidate(b, a, 0, mirrored)) for mirrored in handedness)
        return min(differences) <= settings.pixel_difference

    differences = map_in_threads(compute_difference, pairs, "pixel checks")
    confirmed = sorted(
        (value, pair.inner, pair.outer)
        for value, pair in zip(differences, pairs, strict=True)
        if value <= settings.pixel_difference
    )
    return merge_pairs(len(images), [(a, b) for _, a, b in confirmed], agree)


def mirror_image(thumbnail: np.ndarray) -> np.ndarray:
    """Exchange left and right."""
    return np.ascontiguousarray(thumbnail[:, ::-1])


def merge_pairs(
    count: int, pairs: Iterable[tuple[int, int]], agree: Callable[[int, int], bool]
) -> np.ndarray:
    """Merge pairs into groups; return for each of `count` rows the first row of its group.

    The pairs are sorted, the most certain first. Two groups are merged only if their first rows are
    a pair or `agree`, so that a chain of frames that differ ever a little more is not one group.
    """
    pairs = list(pairs)
    confirmed = {(min(pair), max(pair)) for pair in pairs}
    head = np.arange(count)
    for a, b in pairs:
        first, second = sorted((int(head[a]), int(head[b])))
        if first != second and ((first, second) in confirmed or agree(first, second)):
            head[head == second] = first
    return head


def find_conflicts(images: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Build the table "conflicts": groups whose labelled images have two or more identities.

    `images` and `identities` are parallel lists, separated by spaces: the i-th identity is that of
    the i-th image.
    """
    labelled = images.merge(groups, on="image").query("identity != ''")
    rows = [
        [number, " ".join(group["image"]), " ".join(group["identity"])]
        for number, group in labelled.groupby("group")
        if group["identity"].nunique() > 1
    ]
    return pd.DataFrame(rows, columns=tables.COLUMNS["conflicts"])
