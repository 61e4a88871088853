"""Planted copies: which photographs are copied, how, and what that does to the file."""

from typing import NamedTuple

import cv2
import numpy as np

KINDS = ("exact", "reencoded", "resized", "cropped")
SHARE = 0.03  # of all images
CONFLICTS = 0.15  # of the copies: under a second identity
ACROSS = 0.35  # of the copies: in test, with the original in train


class Copy(NamedTuple):
    kind: str
    where: str  # train, across (train to test) or conflict (two identities in train)
    new: bool  # a copy of a photograph labelled new_whale


def draw_copies(rng: np.random.Generator, train: int, test: int, new_share: float) -> list[Copy]:
    """The copies of a competition of `train` + `test` images: all kinds, all places."""
    total = max(12, round(SHARE * (train + test)))
    conflicts = max(4, round(CONFLICTS * total))
    across = max(4, round(ACROSS * total))
    where = ["conflict"] * conflicts + ["across"] * across
    where += ["train"] * (total - len(where))
    new = rng.permutation(total - conflicts) < round(new_share * (total - conflicts))
    new = np.concatenate([np.zeros(conflicts, bool), new])
    # Kinds go round within a place, so that every place has every kind.
    return [Copy(KINDS[i % 4], w, bool(n)) for i, (w, n) in enumerate(zip(where, new, strict=True))]


def plant(
    rng: np.random.Generator, originals: tuple[list, list], copies: list[Copy], names: list[str]
) -> list:
    """Copies of the training photographs `originals` (known, new), each of another one.

    The label is the original's, but for a conflict, which goes under a second identity.
    """
    known, new = (list(photos) for photos in originals)
    identities = sorted({photo.identity for photo in known})
    planted = []
    for copy, name in zip(copies, names, strict=True):
        photo = (new if copy.new else known).pop()
        identity = photo.identity
        while copy.where == "conflict" and identity == photo.identity:
            identity = identities[rng.integers(len(identities))]
        split = "test" if copy.where == "across" else "train"
        placed = photo._replace(image=f"{name}.jpg", split=split, identity=identity)
        planted.append(placed._replace(kind=copy.kind, where=copy.where, original=photo.image))
    return planted


def alter(
    rng: np.random.Generator, kind: str, pixels: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (H, W, 3) and mask (H, W) of the copy, before it is encoded again."""
    height, width = mask.shape
    if kind == "resized":
        size = np.round(np.array([width, height]) * rng.uniform(0.6, 0.9)).astype(int).tolist()
        return (
            cv2.resize(pixels, size, interpolation=cv2.INTER_AREA),
            cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST),
        )
    if kind == "cropped":
        left, right = np.round(width * rng.uniform(0.01, 0.05, 2)).astype(int)
        top, bottom = np.round(height * rng.uniform(0.01, 0.05, 2)).astype(int)
        window = np.s_[top : height - bottom, left : width - right]
        return pixels[window].copy(), mask[window].copy()
    return pixels, mask
