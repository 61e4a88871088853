"""Local features of all photographs: arrays, and the file that holds them."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from pipeline.data import tables
from pipeline.data.mapped_arrays import map_array
from pipeline.data.warping import warp
from pipeline.system.errors import OTHER_SETTINGS, UserError, explain_damage

EDGE_NUMBERS = 72  # of the descriptor of a window of a trailing edge
ON_DISK = ("descriptors", "edges")
NO_EDGE = np.empty((0, EDGE_NUMBERS), np.uint8)


class PhotographFeatures(NamedTuple):
    """The local features of one photograph.

    points : k x 2 float32, x and y on the canvas
    descriptors : k x d uint8
    on_animal : how many of the first points lie on the animal
    canvas : 2 x 3, from photograph to canvas pixels
    size : width and height of the canvas
    edge : w x EDGE_NUMBERS uint8, the windows of its trailing edge
    """

    points: np.ndarray
    descriptors: np.ndarray
    on_animal: int
    canvas: np.ndarray
    size: Sequence[int] | np.ndarray
    edge: np.ndarray = NO_EDGE


@dataclass(frozen=True)
class Features:
    """The local features of n photographs, one photograph's after another's.

    names : n
    starts : n + 1; photograph i has the rows starts[i]:starts[i + 1]
    ends : n; the rows up to ends[i] lie on the animal, the others in the background
    points : k x 2 float32, x and y on the photograph's canvas, the animal's frame at its own
        proportions
    descriptors : k x d uint8
    canvases : n x 2 x 3, from photograph to canvas pixels
    sizes : n x 2, width and height of the canvases
    edges : w x EDGE_NUMBERS uint8, the windows of trailing edges; none unless `keypoints.edge`
    edge_images : w, the number of the photograph of each window, ascending
    """

    names: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    points: np.ndarray
    descriptors: np.ndarray
    canvases: np.ndarray
    sizes: np.ndarray
    edges: np.ndarray = field(default_factory=NO_EDGE.copy)
    edge_images: np.ndarray = field(default_factory=lambda: np.empty(0, int))

    def rows(self, image: int) -> slice:
        """The rows of photograph number `image` that lie on the animal."""
        return slice(self.starts[image], self.ends[image])

    def background_rows(self, image: int) -> slice:
        """The rows of photograph number `image` that lie in the background."""
        return slice(self.ends[image], self.starts[image + 1])

    def of(self, image: int) -> PhotographFeatures:
        """The features of photograph number `image`, as `join` takes them."""
        rows = self.rows(image)
        all_rows = slice(rows.start, self.background_rows(image).stop)
        return PhotographFeatures(
            self.points[all_rows],
            self.descriptors[all_rows],
            rows.stop - rows.start,
            self.canvases[image],
            self.sizes[image],
            self.edges[slice(*np.searchsorted(self.edge_images, [image, image + 1]))],
        )

    def warp(self, photograph: np.ndarray, image: int) -> np.ndarray:
        """Photograph number `image`, uint8 H x W x 3, as its keypoints see it: its canvas."""
        width, height = (int(size) for size in self.sizes[image])
        return warp(photograph, self.canvases[image], width, height, cv2.BORDER_REPLICATE)

    def edge_features(self) -> "Features":
        """The windows of trailing edges as the local features of these photographs, in no place."""
        starts = np.searchsorted(self.edge_images, np.arange(len(self.names) + 1))
        nowhere = np.zeros((len(self.edges), 2), np.float32)
        return Features(
            self.names, starts, starts[1:], nowhere, self.edges, self.canvases, self.sizes
        )

    def save(self, path: Path) -> None:
        """Write as .npz, whole or not at all."""
        arrays = {name: getattr(self, name) for name in self.__dataclass_fields__}
        arrays["names"] = self.names.astype(str)

        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.savez(file, **arrays)

        tables.replace(path, write)

    @classmethod
    def load(cls, path: Path) -> "Features":
        """Read what `save` wrote; descriptors, which are the most of it, stay on the disk."""
        with explain_damage(path), np.load(path, allow_pickle=False) as file:
            # files of earlier versions have no edges
            present = [name for name in cls.__dataclass_fields__ if name in file]
            return cls(
                **{
                    name: map_array(path, name) if name in ON_DISK else file[name]
                    for name in present
                }
            )


@dataclass(frozen=True)
class Canvases:
    """The canvases of n photographs without the features on them: see `Features`.

    The descriptors of 1,400 photographs have 50 MB.
    """

    names: np.ndarray
    canvases: np.ndarray
    sizes: np.ndarray

    @classmethod
    def load(cls, path: Path) -> "Canvases":
        """Read them from what `Features.save` wrote."""
        with explain_damage(path), np.load(path, allow_pickle=False) as file:
            return cls(**{name: file[name] for name in cls.__dataclass_fields__})


def join(names: Sequence[str] | np.ndarray, photographs: Sequence[tuple]) -> Features:
    """Join the features of single photographs.

    names : in the order of `photographs`
    photographs : a PhotographFeatures, or a tuple like it, each
    """
    whole = [PhotographFeatures(*photograph) for photograph in photographs]
    points, descriptors, counts, canvases, sizes, edges = zip(*whole, strict=True)
    starts = np.cumsum([0, *map(len, points)])
    return Features(
        np.asarray(names),
        starts,
        starts[:-1] + counts,
        np.concatenate(points),
        np.concatenate(descriptors),
        np.stack(canvases),
        np.array(sizes),
        np.concatenate(edges),
        np.repeat(np.arange(len(edges)), [len(edge) for edge in edges]),
    )


def join_on_disk(
    names: Sequence[str] | np.ndarray, photographs: Iterable[PhotographFeatures], folder: Path
) -> Features:
    """As `join`, one photograph at a time; their descriptors go into a file without a name.

    folder : on the disk that has room for them; the file ends with its last reader
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        kept, counts, width = [], [], 0
        for one in photographs:
            file.write(one.descriptors.tobytes())
            counts.append(len(one.descriptors))
            width = one.descriptors.shape[1]
            kept.append(one._replace(descriptors=one.descriptors[:0].copy()))
        file.flush()
        features = join(names, kept)
        if not any(counts):  # nothing can't be mapped
            return features
        shape = sum(counts), width
        return replace(features, descriptors=np.asarray(np.memmap(file, np.uint8, "r", 0, shape)))


def append(first: Features, second: Features) -> Features:
    """The photographs of both, in that order; those of `first` keep their numbers.

    Raises UserError for features of two kinds.
    """
    if not len(first.names) or not len(second.names):
        return first if len(first.names) else second
    check_same_kind(first, second)
    starts = np.concatenate([first.starts, first.starts[-1] + second.starts[1:]])
    ends = np.concatenate([first.ends, first.starts[-1] + second.ends])
    names = np.concatenate([first.names, second.names])
    others = ("points", "descriptors", "canvases", "sizes", "edges")
    arrays = {
        name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in others
    }
    edge_images = np.concatenate([first.edge_images, len(first.names) + second.edge_images])
    return Features(names, starts, ends, **arrays, edge_images=edge_images)


def check_same_kind(first: Features, second: Features) -> None:
    """Raise UserError for features of two kinds."""
    widths = first.descriptors.shape[1], second.descriptors.shape[1]
    if widths[0] != widths[1]:
        raise UserError(
            f"local features of {widths[0]} and {widths[1]} numbers can't be compared: "
            f"{OTHER_SETTINGS}"
        )


def build_empty() -> Features:
    """The features of no photograph, as the stage writes them that is switched off."""
    no_points = np.empty((0, 2), np.float32)
    return Features(
        names=np.empty(0, str),
        starts=np.zeros(1, int),
        ends=np.empty(0, int),
        points=no_points,
        descriptors=no_points.astype(np.uint8),
        canvases=np.empty((0, 2, 3)),
        sizes=no_points,
    )
