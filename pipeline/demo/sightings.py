"""How often each whale is photographed, and which photographs are in train and in test."""

from typing import NamedTuple

import numpy as np

NEW_WHALE = "new_whale"
SHAPE, TAIL = 0.2, 0.82  # 40 % of identities have one training image, 85 % five or fewer
PAIRED = 0.12  # fraction of the unlabelled whales that are photographed twice
FIRST_UNLABELLED = 10_000_000  # whales from this number on have no label anywhere
RESIGHTED = 0.08  # fraction of the new test images whose whale is `new_whale` in train too


class Photo(NamedTuple):
    """One image file. `take` seeds its pixels; a duplicate has the take of its original."""

    split: str  # train or test
    identity: str  # the label in train.csv or solution.csv
    whale: int
    image: str = ""
    take: int = -1
    kind: str = ""  # exact, reencoded, resized or cropped; empty for an original
    place: str = ""  # train, across or conflict; empty for an original
    original: str = ""  # the image that this one duplicates
    encounter: int = -1  # seeds what its burst shares; -1: it is not of a burst


def sample_known_photos(
    rng: np.random.Generator, train: int, test: int
) -> tuple[list[Photo], list[int]]:
    """Sample `train` + `test` photographs of whales that have one in train.

    Also returns the whales whose photographs are all in test, once per photograph: they are new.
    """
    spare = 1.1
    while True:
        total = train + round(spare * test)
        counts = _sample_counts(rng, total + 20, train / total)
        whale = rng.permutation(np.repeat(np.arange(len(counts)), counts))
        seen = np.isin(whale[train:], whale[:train])
        if seen.sum() >= test:
            break
        spare *= 1.1
    # up to the last known photograph that is needed: both kinds end at the same place
    end = int(np.searchsorted(np.cumsum(seen), test)) + 1 if test else 0
    known = whale[train : train + end][seen[:end]]
    only_test = whale[train : train + end][~seen[:end]]
    photos = [Photo("train", "", int(w)) for w in whale[:train]]
    return photos + [Photo("test", "", int(w)) for w in known], only_test.tolist()


def sample_new_photos(
    rng: np.random.Generator, train: int, test: int, only_test: list[int]
) -> list[Photo]:
    """Sample `train` + `test` photographs of whales without a label, with those of `only_test`."""
    counts = 1 + (rng.random(train + test) < PAIRED)
    whales = FIRST_UNLABELLED + np.repeat(np.arange(train + test), counts)
    in_train = whales[:train]
    unseen = whales[whales > in_train[-1]]
    resighted = rng.choice(in_train, round(RESIGHTED * test), replace=False)
    in_test = np.concatenate([resighted, only_test, unseen]).astype(int)[:test]
    photos = [Photo("train", NEW_WHALE, int(whale)) for whale in in_train]
    return photos + [Photo("test", NEW_WHALE, int(whale)) for whale in in_test]


def _sample_counts(rng: np.random.Generator, photos: int, train_fraction: float) -> np.ndarray:
    """Sample the number of photographs per whale, about `photos` in total.

    A zero-truncated negative binomial keeps its form when photographs are removed at random. So the
    tail is defined for the training photographs, and widened for all by the `train_fraction`. The
    quantiles are evenly spaced: the fractions hold at every scale.
    """
    tail = TAIL / (train_fraction + TAIL * (1 - train_fraction))
    k = np.arange(1, 400)
    probability = np.cumprod((k - 1 + SHAPE) / k * tail)
    cumulative = np.cumsum(probability / probability.sum())
    mean = 1 + (1 - cumulative).sum()
    whales = max(4, int(np.ceil(photos / mean)))
    levels = (np.arange(whales) + rng.random()) / whales
    return rng.permutation(1 + np.searchsorted(cumulative, levels))
