"""Local naive-Bayes nearest-neighbour votes (LNBNN: McCann and Lowe 2012; HotSpotter 2013).

Every local feature of a query searches its nearest neighbours in the whole gallery. The first
neighbour of another individual than the nearest one's gives the distance of a chance match; an
individual with a nearer feature gets the difference as a vote. Grass, sky and stripes that all
animals share are equally near in all individuals, and vote for none.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.steps.match.consistency import measure_support


@dataclass(frozen=True)
class GalleryFeatures:
    """The image, the label (k each) and the place (k x 2) of each feature that is searched.

    Places are in fractions of the canvas's longer side.
    """

    images: np.ndarray
    labels: np.ndarray
    places: np.ndarray


@dataclass(frozen=True)
class Votes:
    """The votes of one query and their support (`consistency.py`), summed by image and by label."""

    images: np.ndarray
    image_votes: np.ndarray
    image_support: np.ndarray
    labels: np.ndarray
    label_votes: np.ndarray
    label_support: np.ndarray

    def rank_images(self) -> np.ndarray:
        """The images, those with the most consistent votes first; among equal ones, most votes."""
        return self.images[np.lexsort((-self.image_votes, -self.image_support))]

    def rank_labels(self) -> np.ndarray:
        """The order of the labels: as the images'."""
        return np.lexsort((-self.label_votes, -self.label_support))


NOTHING, NONE = np.empty(0), np.empty(0, int)
NO_VOTES = Votes(NONE, NOTHING, NOTHING, NONE, NOTHING, NOTHING)


def cast_votes(
    distances: np.ndarray,
    rows: np.ndarray,
    places: np.ndarray,
    gallery: GalleryFeatures,
    allowed: np.ndarray,
    count: int,
) -> Votes:
    """Cast the votes of one query's k features, given their neighbours (`index.search`).

    places : k x 2, of the features, as the gallery's

    Only the `count` nearest neighbours in photographs that are `allowed` (bool, by number) count.
    """
    if not len(gallery.images):
        return NO_VOTES
    images, labels = gallery.images[rows], gallery.labels[rows]
    distances = np.where((rows >= 0) & allowed[images], distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    distances, rows, images, labels = (
        np.take_along_axis(array, order, axis=1) for array in (distances, rows, images, labels)
    )
    weights = vote_weights(distances, labels)
    weights = suppress_bursts(weights, rows)
    support = measure_support(weights, images, places, gallery.places[rows])
    return sum_votes(weights, support, images, labels)


def vote_weights(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """k x n: how much nearer each neighbour of a feature is than the first foreign one.

    Neighbours are sorted by distance; a foreign one has another label than the nearest. Without a
    foreign neighbour, the last one takes its place.

        distances .2 .3 .5 .6, labels 7 7 4 7  ->  .3 .2 0 0
    """
    foreign = labels != labels[:, :1]
    last = np.isfinite(distances).sum(axis=1) - 1
    first = np.where(foreign.any(axis=1), foreign.argmax(axis=1), last)
    first = np.clip(np.minimum(first, last), 0, None)
    limit = np.take_along_axis(distances, first[:, None], axis=1)
    near = np.where(np.isfinite(distances), distances, limit)
    with np.errstate(invalid="ignore"):
        weights = np.clip(limit - near, 0, None)
    return np.where(np.isfinite(weights), weights, 0.0)


def suppress_bursts(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Keep only the largest of the votes (k x n) that different features give a gallery feature.

    Ten similar blades of grass that all match one blade are one match, not ten.
    """
    suppressed = np.zeros(weights.shape)
    flat_rows, flat_weights = rows.ravel(), weights.ravel()
    order = np.argsort(-flat_weights, kind="stable")
    _, first = np.unique(flat_rows[order], return_index=True)
    largest = order[first]
    suppressed.ravel()[largest] = flat_weights[largest]
    return suppressed


def sum_votes(
    weights: np.ndarray, support: np.ndarray, images: np.ndarray, labels: np.ndarray
) -> Votes:
    """Sum k x n weights and their support.

    A feature gives an individual its best vote, not one per photograph.
    """
    feature = np.broadcast_to(np.arange(len(weights))[:, None], weights.shape)
    positive = weights > 0
    image_ids, image_at = np.unique(images[positive], return_inverse=True)
    label_ids, label_at = np.unique(labels[positive], return_inverse=True)

    def sum_by_image(values: np.ndarray) -> np.ndarray:
        return np.bincount(image_at, values[positive], len(image_ids))

    def sum_by_label(values: np.ndarray) -> np.ndarray:
        best = np.zeros((len(weights), len(label_ids)))
        np.maximum.at(best, (feature[positive], label_at), values[positive])
        return best.sum(axis=0)

    return Votes(
        image_ids,
        sum_by_image(weights),
        sum_by_image(support),
        label_ids,
        sum_by_label(weights),
        sum_by_label(support),
    )
