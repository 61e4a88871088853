"""The whole competition as a list of photographs: labels, splits, duplicates and names."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from pipeline.demo.duplicates import PlannedDuplicate, plan_duplicates, plant_duplicates
from pipeline.demo.encounters import add_photographs, count_bursts
from pipeline.demo.sightings import NEW_WHALE, Photo, sample_known_photos, sample_new_photos

NEW_FRACTION_TRAIN = 0.30  # of the training images
NEW_FRACTION_TEST = 0.276  # of the test images, as in the humpback competition


class Roster(NamedTuple):
    photos: list[Photo]  # in random order
    duplicate_identities: tuple[str, str]  # two identities that are one whale


def build_roster(
    seed: int, train_images: int, test_images: int, encounters: bool = False
) -> Roster:
    """Build the whole competition without any pixels: labels, splits, duplicates and names.

    All photographs of known whales are assigned to train or test with the same probability. A test
    query therefore finds as many photographs of its whale in train as a held-out training
    photograph does, and a held-out score can predict the hidden one. With `encounters` that holds
    for bursts of photographs instead.
    """
    if not encounters:
        return _build_single(seed, train_images, test_images)
    single = _build_single(seed, *map(count_bursts, (train_images, test_images)))
    photos = add_photographs(single.photos, seed, train_images, test_images)
    return single._replace(photos=photos)


def _build_single(seed: int, train_images: int, test_images: int) -> Roster:
    """The same for photographs that are not of a burst."""
    rng = np.random.default_rng([seed, 0])
    planned = plan_duplicates(rng, train_images, test_images, NEW_FRACTION_TEST)
    need = _count_originals(planned, train_images, test_images)
    photos, lost = sample_known_photos(rng, need["train", False], need["test", False])
    photos += sample_new_photos(rng, need["train", True], need["test", True], lost)
    photos, duplicate_identities = _name_identities(rng, photos)
    names = _sample_hex_names(rng, train_images + test_images, 9)
    photos = [p._replace(image=f"{names[i]}.jpg", take=i) for i, p in enumerate(photos)]
    originals = _select_originals(rng, photos, duplicate_identities)
    photos += plant_duplicates(rng, originals, planned, names[len(photos) :])
    return Roster([photos[i] for i in rng.permutation(len(photos))], duplicate_identities)


def _count_originals(planned: list[PlannedDuplicate], train: int, test: int) -> Counter:
    """Count the photographs without duplicates that each (split, new) must have."""
    need = Counter({("train", True): round(NEW_FRACTION_TRAIN * train)})
    need["test", True] = round(NEW_FRACTION_TEST * test)
    need["train", False] = train - need["train", True]
    need["test", False] = test - need["test", True]
    need.subtract(("test" if d.place == "across" else "train", d.new) for d in planned)
    return need


def _select_originals(
    rng: np.random.Generator, photos: list[Photo], duplicate_identities: tuple[str, str]
) -> tuple[list[Photo], list[Photo]]:
    """Select training photographs that may get a duplicate, known and new, in random order.

    Those of the duplicate identities may not.
    """
    train = [photos[i] for i in rng.permutation(len(photos)) if photos[i].split == "train"]
    new = [p for p in train if p.identity == NEW_WHALE]
    return [p for p in train if p.identity not in (NEW_WHALE, *duplicate_identities)], new


def _name_identities(
    rng: np.random.Generator, photos: list[Photo]
) -> tuple[list[Photo], tuple[str, str]]:
    """Give every known whale an identity, and one whale two."""
    whales = sorted({p.whale for p in photos if not p.identity})
    names = [f"w_{name}" for name in _sample_hex_names(rng, len(whales) + 1, 7)]
    identity = dict(zip(whales, names, strict=False))
    split_whale = _choose_well_photographed(rng, photos)
    halves = (identity[split_whale], names[-1])
    named, count = [], 0
    for photo in photos:
        name = photo.identity or identity[photo.whale]
        if photo.whale == split_whale:
            name, count = halves[count % 2], count + 1
        named.append(photo._replace(identity=name))
    return named, halves


def _choose_well_photographed(rng: np.random.Generator, photos: list[Photo]) -> int:
    """Choose a whale with enough training photographs for two identities."""
    known = [p.whale for p in photos if p.split == "train" and not p.identity]
    whales, counts = np.unique(known, return_counts=True)
    enough = whales[counts >= min(6, counts.max())]
    return int(rng.choice(enough))


def _sample_hex_names(rng: np.random.Generator, count: int, digits: int) -> list[str]:
    """Sample `count` different hexadecimal names."""
    names: dict[str, None] = {}
    while len(names) < count:
        names[f"{rng.integers(16**digits):0{digits}x}"] = None
    return list(names)
