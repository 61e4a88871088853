"""A collection in a fixed order, in which every individual has exactly one first photograph.

The number of individuals is that of first photographs. Whether a photograph is a first one takes a
single other photograph to refute, while 1 / (photographs of its individual), which arXiv 2312.05287
sums, takes all of them, and is biased where they are counted with errors.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

DEPTH = 300  # candidates of a path; more are one rest, whose hazard falls with the rank
FEW = 12  # candidates by which every photograph of the collection is predicted
SUREST = 0.999  # that a candidate rules out another one, at most


@dataclass(frozen=True)
class Collection:
    """Known individuals and photographs without a name, each called a node, in their order.

    known : how many individuals are known; they come first, and differ from each other
    log_odds : n x n, that two nodes are one individual, as far as a model can tell
    """

    known: int
    log_odds: np.ndarray


@dataclass(frozen=True)
class Path:
    """The earlier nodes that a photograph is compared with, in this order, as arrays of length k.

    candidates : nodes
    log_odds : of the photograph and each candidate
    explained : how far the log-odds fall if all candidates before are another animal
    earlier : how many nodes there are before the photograph, with those that are not listed
    """

    candidates: np.ndarray
    log_odds: np.ndarray
    explained: np.ndarray
    earlier: int


def order_nodes(log_odds: np.ndarray, known: int) -> np.ndarray:
    """Nodes in order: the known, then photographs by how many others they are likely to match.

    A poor photograph comes late, when good ones of its individual are there to be compared with.
    """
    matches = np.array([expit(row).sum() for row in log_odds])
    matches[:known] = np.inf
    return np.argsort(-matches, kind="stable")


def trace_path(collection: Collection, node: int, depth: int = DEPTH) -> Path:
    """The path of a photograph: always the likeliest candidate, given that none before matched.

    A candidate that looks like one that did not match becomes less likely.
    """
    log_odds = collection.log_odds[node, :node].astype(float)
    near = select_likeliest(log_odds, depth)
    log_odds = log_odds[near]
    together = expit(collection.log_odds[np.ix_(near, near)].astype(float))
    remaining = np.log1p(-np.minimum(together, SUREST))
    explained, order = np.zeros(len(near)), np.empty(len(near), int)
    left, final = log_odds.copy(), np.empty(len(near))
    for place in range(len(near)):
        best = int(left.argmax())
        order[place], final[place] = best, explained[best]
        explained += remaining[best]
        left += remaining[best]
        left[best] = -np.inf
    return Path(near[order], log_odds[order], final, node)


def select_likeliest(log_odds: np.ndarray, count: int) -> np.ndarray:
    """Places of the highest values, highest first, of equal ones the first of the order."""
    if len(log_odds) <= count:
        return np.argsort(-log_odds, kind="stable")
    near = np.sort(np.argpartition(-log_odds, count - 1)[:count])
    return near[np.argsort(-log_odds[near], kind="stable")]


def predict_first(collection: Collection) -> np.ndarray:
    """The probability that each photograph is the first of its individual, by the model alone."""
    nodes = range(collection.known, len(collection.log_odds))
    paths = (trace_path(collection, node, FEW) for node in nodes)
    return np.array([np.prod(expit(-(path.log_odds + path.explained))) for path in paths])
