"""Who was photographed how often, and on which side of the competition each sighting falls."""

from typing import NamedTuple

import numpy as np

NEW_WHALE = "new_whale"
SHAPE, TAIL = 0.2, 0.82  # 40 % of identities have one training image, 85 % five or fewer
PAIRED = 0.12  # of the whales without a label, those photographed twice
UNNAMED = 10_000_000  # whales from this number on have no label anywhere
RESIGHTED = 0.08  # of the new test images, those of a whale that is `new_whale` in train too


class Photo(NamedTuple):
    """One image file. `take` seeds the picture; a copy has the take of its original."""

    split: str  # train or test
    identity: str  # the label in train.csv or solution.csv
    whale: int
    image: str = ""
    take: int = -1
    kind: str = ""  # exact, reencoded, resized or cropped; empty for an original
    where: str = ""  # train, across or conflict; empty for an original
    original: str = ""  # the image that this one is a copy of


def known_photos(rng: np.random.Generator, train: int, test: int) -> tuple[list[Photo], list]:
    """`train` + `test` photographs of whales seen in train, and the whales that fell out.

    A whale whose every photograph fell into test is one that nobody has named: `lost`
    holds it once a photograph, to be new there.
    """
    spare = 1.1
    while True:
        total = train + round(spare * test)
        counts = _photo_counts(rng, total + 20, train / total)
        whale = rng.permutation(np.repeat(np.arange(len(counts)), counts))
        seen = np.isin(whale[train:], whale[:train])
        if seen.sum() >= test:
            break
        spare *= 1.1
    # Up to the last answerable photograph that is needed: both sorts are cut by one lot.
    end = int(np.searchsorted(np.cumsum(seen), test)) + 1 if test else 0
    answerable = whale[train : train + end][seen[:end]]
    lost = whale[train : train + end][~seen[:end]]
    photos = [Photo("train", "", int(w)) for w in whale[:train]]
    return photos + [Photo("test", "", int(w)) for w in answerable], lost.tolist()


def new_photos(rng: np.random.Generator, train: int, test: int, lost: list) -> list[Photo]:
    """`train` + `test` photographs of whales that no label names, the `lost` ones among them."""
    often = 1 + (rng.random(train + test) < PAIRED)
    strangers = UNNAMED + np.repeat(np.arange(train + test), often)
    in_train = strangers[:train]
    unseen = strangers[strangers > in_train[-1]]
    resighted = rng.choice(in_train, round(RESIGHTED * test), replace=False)
    in_test = np.concatenate([resighted, lost, unseen]).astype(int)[:test]
    photos = [Photo("train", NEW_WHALE, int(whale)) for whale in in_train]
    return photos + [Photo("test", NEW_WHALE, int(whale)) for whale in in_test]


def _photo_counts(rng: np.random.Generator, photos: int, kept: float) -> np.ndarray:
    """Photographs per whale, about `photos` in all.

    A zero-truncated negative binomial stays one when its photographs are thinned, so
    the tail can be stated for the training side and widened by the share that is `kept`
    there. The quantiles are evenly spaced: the shares hold at every scale.
    """
    tail = TAIL / (kept + TAIL * (1 - kept))
    k = np.arange(1, 400)
    chance = np.cumprod((k - 1 + SHAPE) / k * tail)
    share = np.cumsum(chance / chance.sum())
    mean = 1 + (1 - share).sum()
    whales = max(4, int(np.ceil(photos / mean)))
    levels = (np.arange(whales) + rng.random()) / whales
    return rng.permutation(1 + np.searchsorted(share, levels))
