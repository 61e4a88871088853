"""Photographs by number: the numbers of names, and the local features of several photographs."""

from collections.abc import Iterable, Mapping

import numpy as np

from pipeline.data.features import Features
from pipeline.system.errors import OTHER_SETTINGS, UserError


def number_photographs(features: Features) -> dict[str, int]:
    """The number of each photograph, by its name."""
    return {name: number for number, name in enumerate(features.names.tolist())}


def locate(numbers: Mapping[str, int], images: Iterable[str]) -> np.ndarray:
    """The numbers of photographs, by their names; UserError if one is missing."""
    found = [numbers.get(image, -1) for image in images]
    missing = [image for image, number in zip(images, found, strict=True) if number < 0]
    if missing:
        raise UserError(f"no local features of {missing[:5]}: {OTHER_SETTINGS}")
    return np.array(found, int)


def list_rows(features: Features, images: np.ndarray) -> np.ndarray:
    """The rows of the features on the animals of photographs (by number), one after another's."""
    rows = (np.arange(features.starts[image], features.ends[image]) for image in images)
    return np.concatenate([np.empty(0, int), *rows], dtype=int)


def find_places(features: Features, image: int) -> np.ndarray:
    """Where the features on the animal of a photograph (by number) lie, g x 2.

    In fractions of the canvas's longer side, so that an animal photographed from afar is as large
    as one photographed from nearby.
    """
    return features.points[features.rows(image)] / np.float32(features.sizes[image].max())


def find_all_places(features: Features) -> np.ndarray:
    """As `find_places`, of all features of all photographs, k x 2."""
    sides = np.max(features.sizes, axis=1, initial=1).astype(np.float32)
    return features.points / np.repeat(sides, np.diff(features.starts))[:, None]
