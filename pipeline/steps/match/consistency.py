"""Which votes agree about where the animal is.

A vote takes a feature of the query for a feature of a gallery photograph. Right ones move alike
from one photograph to the other; those of chance move anywhere. So a vote is supported by the other
votes for its photograph that are displaced like itself, the more exactly the nearer they lie (the
pairwise affinities of Leordeanu and Hebert 2005, "A spectral technique for correspondence problems
using pairwise constraints"). Unlike the verification of a shortlist this needs no second search,
and sees every photograph that got votes.
"""

import numpy as np

# Two right votes' displacements differ by about SLACK, and by STRETCH per distance between their
# points: animals turn, bend, and are framed differently. Fractions of the canvases' longer sides
SLACK, STRETCH = 0.02, 0.2
SUPPORTERS = 100  # of a photograph's votes at most, the strongest: a duplicate gets a thousand
ENOUGH = 4.0  # supporters, of a query's mean vote each; more would let one photograph decide


def measure_support(
    weights: np.ndarray, images: np.ndarray, places: np.ndarray, matched: np.ndarray
) -> np.ndarray:
    """How far each of the votes (k x n) of a query's k features is supported, from 0 to 1.

    weights, images : k x n, the votes and the photographs that they are for
    places : k x 2, of the query's features, in fractions of its canvas's longer side
    matched : k x n x 2, of the gallery's features, in fractions of theirs
    """
    support = np.zeros(weights.size, np.float32)
    # by photograph, the strongest first
    voted = np.flatnonzero(weights > 0)
    voted = voted[np.lexsort((-weights.ravel()[voted], images.ravel()[voted]))]
    if not len(voted):
        return support.reshape(weights.shape)
    feature = voted // weights.shape[1]
    weight = weights.ravel()[voted].astype(np.float32)
    one, other = pair_votes(images.ravel()[voted])
    different = feature[one] != feature[other]
    one, other = one[different], other[different]
    place = places[feature].astype(np.float32)
    displacement = matched.reshape(-1, 2)[voted].astype(np.float32) - place
    tolerance = SLACK + STRETCH * measure_lengths(place[one] - place[other])
    error = measure_lengths(displacement[one] - displacement[other]) / tolerance
    summed = np.bincount(one, weight[other] * np.exp(error**2 / -2), len(voted))
    support[voted] = np.minimum(summed / (ENOUGH * weight.mean()), 1)
    return support.reshape(weights.shape)


def pair_votes(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pair each vote with the first SUPPORTERS votes for its photograph, by number.

    images : sorted

        images 4 4 7  ->  0 0 1 1 2, 0 1 0 1 2
    """
    _, start, count = np.unique(images, return_index=True, return_counts=True)
    partners = np.minimum(count, SUPPORTERS).repeat(count)
    one = np.arange(len(images)).repeat(partners)
    within = np.arange(len(one)) - np.repeat(np.cumsum(partners) - partners, partners)
    return one, start.repeat(count).repeat(partners) + within


def measure_lengths(vectors: np.ndarray) -> np.ndarray:
    """The lengths of n x 2 vectors."""
    return np.hypot(vectors[:, 0], vectors[:, 1])
