"""Local features of all photographs: arrays, and the file that holds them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data import tables


@dataclass(frozen=True)
class Features:
    """n photographs' local features, one photograph's after another's.

    names: n; starts: n + 1, photograph i has rows starts[i]:starts[i + 1]; ends: n, those up to
    ends[i] lie on the animal, the rest of them around it; points: k x 2 float32,
    x and y on the photograph's canvas, the animal's frame at its own proportions; descriptors:
    k x d uint8; canvases: n x 2 x 3, from photograph to canvas pixels; sizes: n x 2, the canvases'
    width and height.
    """

    names: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    points: np.ndarray
    descriptors: np.ndarray
    canvases: np.ndarray
    sizes: np.ndarray

    def rows(self, image: int) -> slice:
        """The rows of the animal of photograph number `image`."""
        return slice(self.starts[image], self.ends[image])

    def around(self, image: int) -> slice:
        """The rows of what surrounds it."""
        return slice(self.ends[image], self.starts[image + 1])

    def of(self, image: int) -> tuple:
        """What `joined` takes of photograph number `image`."""
        rows, around = self.rows(image), self.around(image)
        both = slice(rows.start, around.stop)
        own = self.points[both], self.descriptors[both], rows.stop - rows.start
        return *own, self.canvases[image], self.sizes[image]

    def save(self, path: Path) -> None:
        arrays = {name: getattr(self, name) for name in self.__dataclass_fields__}
        arrays["names"] = self.names.astype(str)

        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.savez(file, **arrays)

        tables.replace(path, write)

    @classmethod
    def load(cls, path: Path) -> "Features":
        with np.load(path, allow_pickle=False) as file:
            return cls(**{name: file[name] for name in cls.__dataclass_fields__})


def joined(names: np.ndarray, found: list[tuple]) -> Features:
    """Put together each photograph's (points, descriptors, how many of these lie on the animal,
    canvas, size), in `names`' order.
    """
    points, descriptors, counts, canvases, sizes = zip(*found, strict=True)
    starts = np.cumsum([0, *(len(one) for one in points)])
    return Features(
        np.asarray(names),
        starts,
        starts[:-1] + counts,
        np.concatenate(points),
        np.concatenate(descriptors),
        np.stack(canvases),
        np.array(sizes),
    )


def appended(first: Features, second: Features) -> Features:
    """The photographs of both, in that order; those of `first` keep their numbers."""
    if not len(first.names) or not len(second.names):
        return first if len(first.names) else second
    starts = np.concatenate([first.starts, first.starts[-1] + second.starts[1:]])
    ends = np.concatenate([first.ends, first.starts[-1] + second.ends])
    rest = ("points", "descriptors", "canvases", "sizes")
    names = np.concatenate([first.names, second.names])
    both = (np.concatenate([getattr(first, one), getattr(second, one)]) for one in rest)
    return Features(names, starts, ends, *both)


def nothing() -> Features:
    """No photograph's features: what the stage writes where it is switched off."""
    none = np.empty((0, 2), np.float32)
    no_rows = np.empty(0, int)
    return Features(
        np.empty(0, str),
        np.zeros(1, int),
        no_rows,
        none,
        none.astype(np.uint8),
        np.empty((0, 2, 3)),
        none,
    )
