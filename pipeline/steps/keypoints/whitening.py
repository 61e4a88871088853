"""Whitening of RootSIFT descriptors by a linear map that was learned once and is shipped.

Two descriptors of one point of an animal differ: light, view and the keypoint's exact place and
size change from photograph to photograph, and some directions of the descriptor's space far more
than others. The linear map that gives all directions the same spread of these differences lets a
distance count each by what it tells (Mikolajczyk and Matas 2007, "Improving descriptors for fast
tree matching by optimal linear projection").

The differences are those of the demo's synthetic flukes (`benchmarks.learn_whitening`), so that no
photograph of a user's, labelled or not, has a part in it. It helps other animals as much as a map
learned from their own photographs does (docs/results/animals.md).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from pipeline.data import tables

FILE = Path(__file__).with_name("whitening.npz")
SHRINKAGE = 0.1  # of the mean variance, added to that of every direction: small ones are uncertain
LENGTH = 255  # of a mapped descriptor, root mean square, as RootSIFT's own
CENTRE = 128  # the byte of 0
LARGEST = 255


@dataclass(frozen=True)
class Whitening:
    """A linear map of d-dimensional descriptors.

    mean : d float32, is mapped to 0
    matrix : d x d float32; mapped descriptors fit into bytes around CENTRE
    """

    mean: np.ndarray
    matrix: np.ndarray

    def map_descriptors(self, descriptors: np.ndarray) -> np.ndarray:
        """Map k x d uint8 descriptors to as many; what does not fit into a byte is cut off."""
        values = (descriptors.astype(np.float32) - self.mean) @ self.matrix
        return np.clip(np.rint(values + CENTRE), 0, LARGEST).astype(np.uint8)


def learn_map(differences: np.ndarray, descriptors: np.ndarray) -> Whitening:
    """Learn the map that whitens the differences of matched descriptors.

    differences : n x d
    descriptors : k x d, any; mapped, they have LENGTH
    """
    wide = differences.astype(np.float64)
    covariance = wide.T @ wide / len(wide)
    variance = np.trace(covariance) / len(covariance)
    values, vectors = np.linalg.eigh(covariance + SHRINKAGE * variance * np.eye(len(covariance)))
    matrix = vectors / np.sqrt(values) @ vectors.T
    mean = descriptors.mean(axis=0, dtype=np.float64)
    squares = np.sum(((descriptors - mean) @ matrix) ** 2, axis=1)
    scale = LENGTH / np.sqrt(squares.mean())
    return Whitening(mean.astype(np.float32), (scale * matrix).astype(np.float32))


def save_map(found: Whitening, path: Path) -> None:
    """Write a map as .npz, whole or not at all."""

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.savez(file, mean=found.mean, matrix=found.matrix)

    tables.replace(path, write)


@cache
def load_map(path: Path = FILE) -> Whitening:
    """Read a map, by default the one that is shipped."""
    with np.load(path, allow_pickle=False) as file:
        return Whitening(file["mean"], file["matrix"])
