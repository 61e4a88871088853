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


def gather_places(features: Features, images: np.ndarray) -> np.ndarray:
    """Concatenate where the features of photographs (by number) lie, g x 2.

    In fractions of the canvas's longer side, so that an animal photographed from afar is as large
    as one photographed from nearby.
    """
    longer_sides = np.max(features.sizes[images], axis=1)
    places = [
        features.points[features.rows(image)] / longer_side
        for image, longer_side in zip(images, longer_sides, strict=True)
    ]
    return np.concatenate([np.empty((0, 2), np.float32), *places], dtype=np.float32)


def gather_descriptors(features: Features, images: np.ndarray) -> np.ndarray:
    """Concatenate the descriptors of the animals on these photographs (by number)."""
    return np.concatenate([features.descriptors[features.rows(image)] for image in images])
