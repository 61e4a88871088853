"""Local naive-Bayes nearest-neighbour voting (LNBNN: McCann and Lowe 2012; HotSpotter 2013).

Every local feature of a query looks for its nearest ones in the whole gallery. The first neighbour
that shows another individual than the nearest says how far a chance match lies; whoever has a
feature closer than that gets the difference as a vote. Grass, sky and stripes that all animals
share find all individuals equally near, and vote for none.
"""

from dataclasses import dataclass

import faiss
import numpy as np

from pipeline.params import Match

LEVELS = 255.0  # the length of a stored descriptor


@dataclass(frozen=True)
class Shown:
    """The gallery's features: the image and the label of each."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Votes:
    """Who got votes from one query: by gallery image and by label, each with its sum."""

    images: np.ndarray
    image_votes: np.ndarray
    labels: np.ndarray
    label_votes: np.ndarray


def indexed(descriptors: np.ndarray, params: Match) -> faiss.Index:
    """An inverted file of the gallery's g x d uint8 descriptors, one byte a number.

    It has about the square root of their number of cells, of which `params.probes` are visited.
    """
    count, size = descriptors.shape
    cells = max(1, min(int(np.sqrt(count)), count // 39))
    quantizer = faiss.IndexFlatL2(size)
    bytes_ = faiss.ScalarQuantizer.QT_8bit_direct
    # stored as they are: a difference from the cell's centre would not fit into a byte
    index = faiss.IndexIVFScalarQuantizer(quantizer, size, cells, bytes_, faiss.METRIC_L2, False)
    index.cp.seed = params.seed
    index.cp.max_points_per_centroid = 64
    index.train(descriptors.astype(np.float32))
    index.add(descriptors.astype(np.float32))
    index.nprobe = min(params.probes, cells)
    return index


def neighbours(
    descriptors: np.ndarray, index: faiss.Index, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Distances and rows (k x `count`) of each feature's nearest ones, -1 for none."""
    squares, rows = index.search(descriptors.astype(np.float32), count)
    return np.sqrt(np.maximum(squares, 0)) / LEVELS, rows


def vote(
    distances: np.ndarray, rows: np.ndarray, shown: Shown, allowed: np.ndarray, count: int
) -> Votes:
    """The votes of one query's k features, of its `neighbours`.

    Only the `count` nearest vote that lie in photographs that are `allowed` (bool, by number).
    """
    images, labels = shown.images[rows], shown.labels[rows]
    distances = np.where((rows >= 0) & allowed[images], distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    distances, rows, images, labels = (
        np.take_along_axis(one, order, axis=1) for one in (distances, rows, images, labels)
    )
    weights = margins(distances, labels)
    weights = without_bursts(weights, rows)
    return summed(weights, images, labels)


def margins(distances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """k x n: how much nearer than the first foreign neighbour each neighbour of a feature is.

    Neighbours are sorted by distance; foreign is who shows another individual than the nearest.
    A feature without a foreign neighbour among them takes its last one for it.

        distances .2 .3 .5 .6, labels 7 7 4 7  ->  .3 .2 0 0
    """
    foreign = labels != labels[:, :1]
    last = np.isfinite(distances).sum(axis=1) - 1
    first = np.where(foreign.any(axis=1), foreign.argmax(axis=1), last)
    first = np.clip(np.minimum(first, last), 0, None)
    limit = np.take_along_axis(distances, first[:, None], axis=1)
    near = np.where(np.isfinite(distances), distances, limit)
    with np.errstate(invalid="ignore"):
        gained = np.clip(limit - near, 0, None)
    return np.where(np.isfinite(gained), gained, 0.0)


def without_bursts(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """A gallery feature hears only the query's feature that speaks loudest to it.

    Ten alike blades of grass that all find one blade are one match, not ten.
    """
    kept = np.zeros(weights.shape)
    flat, loud = rows.ravel(), weights.ravel()
    order = np.argsort(-loud, kind="stable")
    _, first = np.unique(flat[order], return_index=True)
    chosen = order[first]
    kept.ravel()[chosen] = loud[chosen]
    return kept


def summed(weights: np.ndarray, images: np.ndarray, labels: np.ndarray) -> Votes:
    """Add up k x n weights; a feature gives an individual its best vote, not one a photograph."""
    feature = np.broadcast_to(np.arange(len(weights))[:, None], weights.shape)
    voted = weights > 0
    strong, who, whose, f = weights[voted], images[voted], labels[voted], feature[voted]
    image_ids, at = np.unique(who, return_inverse=True)
    label_ids, label_at = np.unique(whose, return_inverse=True)
    best = np.zeros((len(weights), len(label_ids)))
    np.maximum.at(best, (f, label_at), strong)
    return Votes(image_ids, np.bincount(at, strong, len(image_ids)), label_ids, best.sum(axis=0))
