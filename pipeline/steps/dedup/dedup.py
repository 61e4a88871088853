"""Groups of the same photograph, and the labels that contradict each other in them."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from tqdm import tqdm

from pipeline.data import tables
from pipeline.params import Dedup
from pipeline.steps.dedup import alignment, candidates, fingerprints
from pipeline.system import machine


def find(images: pd.DataFrame, section: Dedup) -> pd.DataFrame:
    """The groups table: a photograph's number is the row of the first image that shows it.

    Byte-identical files first; then near hashes (of the mirror image too, where the params say
    so) whose pixels agree after alignment.
    """
    numbers = np.arange(len(images))
    if section.enabled and len(images):
        _, first, copies = np.unique(images["sha256"], return_index=True, return_inverse=True)
        order = np.argsort(first)
        heads = same_photographs(images.iloc[first[order]], section)
        numbers = first[order][heads[np.argsort(order)[copies]]]
    return pd.DataFrame({"image": images["image"].to_numpy(), "group": numbers})


def same_photographs(images: pd.DataFrame, section: Dedup) -> np.ndarray:
    """For each row of an images table, the first row that shows the same photograph."""
    prints = fingerprints.take(images)
    pairs = candidates.find(prints, section.hash_distance, section.mirror)

    def difference(pair: candidates.Candidate) -> float:
        inner = prints.thumbs[pair.inner]
        inner = mirror_image(inner) if pair.mirrored else inner
        return alignment.difference(inner, prints.thumbs[pair.outer], pair.window)

    def agree(a: int, b: int) -> bool:
        hands = (False, True) if section.mirror else (False,)
        found = (difference(candidates.Candidate(b, a, 0, hand)) for hand in hands)
        return min(found) <= section.pixel_difference

    with ThreadPoolExecutor(machine.cores()) as pool:
        work = pool.map(difference, pairs)
        differences = list(tqdm(work, "pixel checks", len(pairs), disable=None))
    proven = sorted(
        (value, pair.inner, pair.outer)
        for value, pair in zip(differences, pairs, strict=True)
        if value <= section.pixel_difference
    )
    return join(len(images), [(a, b) for _, a, b in proven], agree)


def mirror_image(thumb: np.ndarray) -> np.ndarray:
    """Left and right exchanged."""
    return np.ascontiguousarray(thumb[:, ::-1])


def join(
    count: int, pairs: Iterable[tuple[int, int]], agree: Callable[[int, int], bool]
) -> np.ndarray:
    """For each of `count` rows, the first row of its group.

    The pairs come in the order of their certainty. Two groups become one only where their first
    rows are a pair or `agree`, so that a chain of ever slightly different frames stays cut.
    """
    pairs = list(pairs)
    proven = {(min(pair), max(pair)) for pair in pairs}
    head = np.arange(count)
    for a, b in pairs:
        first, second = sorted((int(head[a]), int(head[b])))
        if first != second and ((first, second) in proven or agree(first, second)):
            head[head == second] = first
    return head


def conflicts(images: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """The conflicts table: groups whose labelled images carry two identities or more.

    `images` and `identities` run in parallel, separated by spaces: the i-th identity is the i-th
    image's.
    """
    labelled = images.merge(groups, on="image").query("identity != ''")
    rows = [
        [number, " ".join(members["image"]), " ".join(members["identity"])]
        for number, members in labelled.groupby("group")
        if members["identity"].nunique() > 1
    ]
    return pd.DataFrame(rows, columns=tables.COLUMNS["conflicts"])
