"""The whole competition as a list of photographs: labels, sides, copies and names."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from pipeline.demo import duplicates
from pipeline.demo.sightings import NEW_WHALE, Photo, known_photos, new_photos

NEW_SHARE_TRAIN = 0.30  # of the training images
NEW_SHARE_TEST = 0.276  # of the test images, as in the humpback competition


class Roster(NamedTuple):
    photos: list[Photo]  # in an order that says nothing
    same_whale: tuple[str, str]  # two identities that are one whale


def build_roster(seed: int, train_images: int, test_images: int) -> Roster:
    """The whole competition without a pixel of it: labels, sides, copies and names.

    Every photograph of a known whale falls on either side by the same lot. The rest of
    its whale's training photographs are therefore as many for a test query as for a training
    photograph that is held out, and a held-out score can foretell the hidden one.
    """
    rng = np.random.default_rng([seed, 0])
    copies = duplicates.draw_copies(rng, train_images, test_images, NEW_SHARE_TEST)
    need = _originals(copies, train_images, test_images)
    photos, lost = known_photos(rng, need["train", False], need["test", False])
    photos += new_photos(rng, need["train", True], need["test", True], lost)
    photos, same_whale = _name_identities(rng, photos)
    names = _hex_names(rng, train_images + test_images, 9)
    photos = [p._replace(image=f"{names[i]}.jpg", take=i) for i, p in enumerate(photos)]
    originals = _copiable(rng, photos, same_whale)
    photos += duplicates.plant(rng, originals, copies, names[len(photos) :])
    return Roster([photos[i] for i in rng.permutation(len(photos))], same_whale)


def _originals(copies: list[duplicates.Copy], train: int, test: int) -> Counter:
    """How many photographs that are no copies each (split, new) must have."""
    need = Counter({("train", True): round(NEW_SHARE_TRAIN * train)})
    need["test", True] = round(NEW_SHARE_TEST * test)
    need["train", False] = train - need["train", True]
    need["test", False] = test - need["test", True]
    need.subtract(("test" if c.where == "across" else "train", c.new) for c in copies)
    return need


def _copiable(
    rng: np.random.Generator, photos: list[Photo], same_whale: tuple[str, str]
) -> tuple[list[Photo], list[Photo]]:
    """Training photographs in random order, known and new; the double identity keeps its own."""
    train = [photos[i] for i in rng.permutation(len(photos)) if photos[i].split == "train"]
    new = [p for p in train if p.identity == NEW_WHALE]
    return [p for p in train if p.identity not in (NEW_WHALE, *same_whale)], new


def _name_identities(
    rng: np.random.Generator, photos: list[Photo]
) -> tuple[list[Photo], tuple[str, str]]:
    """Give every known whale its identity, and one whale two of them."""
    whales = sorted({p.whale for p in photos if not p.identity})
    names = [f"w_{name}" for name in _hex_names(rng, len(whales) + 1, 7)]
    identity = dict(zip(whales, names, strict=False))
    twice = _well_photographed(rng, photos)
    halves = (identity[twice], names[-1])
    named, turn = [], 0
    for photo in photos:
        name = photo.identity or identity[photo.whale]
        if photo.whale == twice:
            name, turn = halves[turn % 2], turn + 1
        named.append(photo._replace(identity=name))
    return named, halves


def _well_photographed(rng: np.random.Generator, photos: list[Photo]) -> int:
    """A whale with enough training photographs to be two identities."""
    known = [p.whale for p in photos if p.split == "train" and not p.identity]
    whales, counts = np.unique(known, return_counts=True)
    enough = whales[counts >= min(6, counts.max())]
    return int(rng.choice(enough))


def _hex_names(rng: np.random.Generator, count: int, digits: int) -> list[str]:
    """`count` different random hexadecimal names."""
    names: dict[str, None] = {}
    while len(names) < count:
        names[f"{rng.integers(16**digits):0{digits}x}"] = None
    return list(names)
