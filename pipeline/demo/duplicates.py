"""Planted duplicates: which photographs have one, of which kind, and how its file differs."""

from typing import NamedTuple

import cv2
import numpy as np

from pipeline.demo.sightings import Photo
from pipeline.system.errors import UserError

KINDS = ("exact", "reencoded", "resized", "cropped")
FRACTION = 0.03  # of all images
CONFLICTS = 0.15  # fraction of the duplicates that have a second identity
ACROSS = 0.35  # fraction of the duplicates that are in test, with the original in train
MOST_OF_TEST = (
    0.2  # fraction of the test that may be such duplicates: a small test has more besides
)


class PlannedDuplicate(NamedTuple):
    kind: str
    place: str  # train, across (train to test) or conflict (two identities in train)
    new: bool  # whether the original is labelled new_whale


def plan_duplicates(
    rng: np.random.Generator, train: int, test: int, new_fraction: float
) -> list[PlannedDuplicate]:
    """Plan the duplicates of a competition of `train` + `test` images: all kinds, all places.

    `new_fraction` of those without a conflict are of photographs labelled new_whale.
    """
    total = max(12, round(FRACTION * (train + test)))
    conflicts = max(4, round(CONFLICTS * total))
    across = max(4, min(round(ACROSS * total), round(MOST_OF_TEST * test)))
    places = ["conflict"] * conflicts + ["across"] * across
    places += ["train"] * (total - len(places))
    new = rng.permutation(total - conflicts) < round(new_fraction * (total - conflicts))
    new = np.concatenate([np.zeros(conflicts, bool), new])
    # kinds alternate within a place, so that every place has every kind
    return [
        PlannedDuplicate(KINDS[i % 4], place, bool(is_new))
        for i, (place, is_new) in enumerate(zip(places, new, strict=True))
    ]


def plant_duplicates(
    rng: np.random.Generator,
    originals: tuple[list[Photo], list[Photo]],
    planned: list[PlannedDuplicate],
    names: list[str],
) -> list[Photo]:
    """Build duplicates of the training photographs `originals` (known, new), each of another one.

    The label is the original's, except for a conflict, which has a second identity. Raises
    UserError if there are fewer originals than duplicates, as some seeds have it of tiny demos.
    """
    known, new = (list(photos) for photos in originals)
    of_new = sum(duplicate.new for duplicate in planned)
    if of_new > len(new) or len(planned) - of_new > len(known):
        raise UserError(
            f"the demo is too small for its {len(planned)} duplicates: take another demo.seed, or "
            "more demo.train_images"
        )
    identities = sorted({photo.identity for photo in known})
    planted = []
    for duplicate, name in zip(planned, names, strict=True):
        photo = (new if duplicate.new else known).pop()
        identity = photo.identity
        while duplicate.place == "conflict" and identity == photo.identity:
            identity = identities[rng.integers(len(identities))]
        split = "test" if duplicate.place == "across" else "train"
        copy = photo._replace(image=f"{name}.jpg", split=split, identity=identity)
        kind, place = duplicate.kind, duplicate.place
        planted.append(copy._replace(kind=kind, place=place, original=photo.image))
    return planted


def alter(
    rng: np.random.Generator, kind: str, pixels: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Alter pixels (H, W, 3) and mask (H, W) to those of a duplicate, before it is encoded."""
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
