"""The training set of a member: rows of the packed crops and their labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pipeline.data.tables import NEW_WHALE
from pipeline.losses.identities import Identities
from pipeline.params import Train
from pipeline.system.errors import UserError
from pipeline.training import inner_validation
from pipeline.training.inner_validation import InnerValidation

# the values of `flip` with which a mirror image is another individual
MIRROR_FLIPS = ("identity", "identity_masked")
MAX_ROUNDS = 20  # of exchanges, until every chosen image has another label


@dataclass(frozen=True)
class TrainingSet:
    """Rows of the packed crops, their labels (-1 for new_whale), groups; photographs held back.

    groups : one number for a photograph, its duplicates and the others of its encounter
    """

    crops: Path
    rows: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    validation: InnerValidation | None = None

    def identities(self, flip: str, power: float = 0.0) -> Identities:
        """The classes of the losses: twice as many if mirror images are other individuals."""
        photographs = torch.from_numpy(np.bincount(self.labels[self.labels >= 0])).float()
        if flip in MIRROR_FLIPS:
            photographs = photographs.repeat(2)
        return Identities(photographs, mirrors=flip == "identity_masked", power=power)


def build_training_set(
    crops: Path, order: pd.Series, training: pd.DataFrame, settings: Train, seed: int
) -> TrainingSet:
    """Find crops and labels of the training rows, and hold photographs back for validation.

    crops : the file of packed crops
    order : the image in each row of the packed crops
    training : rows of the "folds" table

    Raises UserError for fewer than two known identities and if no identity has enough photographs
    for the inner validation, ValueError for an image without a crop.
    """
    held_back = training[:0]
    if settings.inner.fraction:
        training, held_back = inner_validation.split_rows(training, settings.inner.fraction, seed)
        if held_back.empty:
            raise UserError(
                "train.inner.fraction: no identity has two photographs to hold one back"
            )
    known = sorted(set(training["identity"]) - {NEW_WHALE})
    if len(known) < 2:
        raise UserError(f"{len(known)} known identities to train on; at least 2 are needed")
    label_of = {identity: label for label, identity in enumerate(known)} | {NEW_WHALE: -1}
    rows, labels = find_crop_rows(order, training), training["identity"].map(label_of).to_numpy()
    labels = corrupt_labels(labels, settings.wrong_labels, seed)
    groups = training["group"].to_numpy()
    if held_back.empty:
        return TrainingSet(crops, rows, labels, groups)
    queries, truths = find_crop_rows(order, held_back), held_back["identity"].map(label_of)
    gallery = np.isin(labels, truths)
    validation = InnerValidation(
        crops, settings.channels, queries, truths.to_numpy(), rows[gallery], labels[gallery]
    )
    return TrainingSet(crops, rows, labels, groups, validation)


def corrupt_labels(labels: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Exchange the labels of a fraction of the known identities' images among these images.

    Every identity keeps its number of images, and no chosen image keeps its label if possible.
    """
    labels = labels.copy()
    known = np.flatnonzero(labels >= 0)
    rng = np.random.default_rng([seed, 2])
    chosen = rng.permutation(known)[: round(fraction * len(known))]
    right = labels[chosen]
    wrong = rng.permutation(right)
    for _ in range(MAX_ROUNDS):
        for at in np.flatnonzero(wrong == right):
            other = rng.integers(len(right))
            wrong[[at, other]] = wrong[[other, at]]
    labels[chosen] = wrong
    return labels


def find_crop_rows(order: pd.Series, table: pd.DataFrame) -> np.ndarray:
    """Find the row of each image's crop. Raises ValueError for an image without a crop."""
    rows = pd.Index(order).get_indexer(table["image"])
    if (rows < 0).any():
        raise ValueError(f"no crop for {table['image'][rows < 0].tolist()[:5]}")
    return rows
