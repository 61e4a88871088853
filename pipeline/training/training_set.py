"""What a member learns from: rows of the packed crops and their labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pipeline.data.tables import NEW_WHALE
from pipeline.losses.identities import Identities
from pipeline.params import Train
from pipeline.training import inner_split
from pipeline.training.inner_split import Examination

# the values of `flip` where a mirror image is somebody else
MIRRORED = ("identity", "identity_masked")
ROUNDS = 20  # of exchanges, until nobody has their own label


@dataclass(frozen=True)
class Lesson:
    """Rows of the packed crops and their labels, -1 for new_whale; an inner split, or None."""

    crops: Path
    rows: np.ndarray
    labels: np.ndarray
    examination: Examination | None = None

    def identities(self, flip: str, power: float = 0.0) -> Identities:
        """Whom the losses tell apart: twice as many where mirror images are individuals."""
        photographs = torch.from_numpy(np.bincount(self.labels[self.labels >= 0])).float()
        if flip in MIRRORED:
            photographs = photographs.repeat(2)
        return Identities(photographs, mirrors=flip == "identity_masked", power=power)


def look_up(
    crops: Path, order: pd.Series, training: pd.DataFrame, settings: Train, seed: int
) -> Lesson:
    """Look up the training rows; `order` names the image in each row of the packed crops.

    Raises ValueError for fewer than two known identities, for an image without a crop, and where an
    inner split is asked for that no identity has the photographs for.
    """
    held = training[:0]
    if settings.inner.fraction:
        training, held = inner_split.split(training, settings.inner.fraction, seed)
        if held.empty:
            raise ValueError(
                "train.inner.fraction: no identity has two photographs to hold one back"
            )
    known = sorted(set(training["identity"]) - {NEW_WHALE})
    if len(known) < 2:
        raise ValueError(f"{len(known)} known identities to train on; at least 2 are needed")
    label = {identity: number for number, identity in enumerate(known)} | {NEW_WHALE: -1}
    rows, labels = crop_rows(order, training), training["identity"].map(label).to_numpy()
    labels = mistaken(labels, settings.wrong_labels, seed)
    if held.empty:
        return Lesson(crops, rows, labels)
    truths = held["identity"].map(label).to_numpy()
    shown = np.isin(labels, truths)
    asked = (crop_rows(order, held), truths, rows[shown], labels[shown])
    return Lesson(crops, rows, labels, Examination(crops, settings.channels, *asked))


def mistaken(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Labels with those of a share of the known identities' images exchanged among these.

    Every identity keeps its number of images, and nobody their own label where that can be.
    """
    labels = labels.copy()
    known = np.flatnonzero(labels >= 0)
    rng = np.random.default_rng([seed, 2])
    chosen = rng.permutation(known)[: round(share * len(known))]
    own = labels[chosen]
    given = rng.permutation(own)
    for _ in range(ROUNDS):
        for place in np.flatnonzero(given == own):
            other = rng.integers(len(own))
            given[[place, other]] = given[[other, place]]
    labels[chosen] = given
    return labels


def crop_rows(order: pd.Series, table: pd.DataFrame) -> np.ndarray:
    """The row of each image's crop. Raises ValueError for an image that has none."""
    rows = pd.Index(order).get_indexer(table["image"])
    if (rows < 0).any():
        raise ValueError(f"no crop for {table['image'][rows < 0].tolist()[:5]}")
    return rows
