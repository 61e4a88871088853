"""Local features of all photographs: arrays, and the file that holds them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline import tables


@dataclass(frozen=True)
class Features:
    """n photographs' local features, one photograph's after another's.

    names: n; starts: n + 1, photograph i has rows starts[i]:starts[i + 1]; points: k x 2 float32,
    x and y on the photograph's canvas, the animal's frame at its own proportions; descriptors:
    k x d uint8; canvases: n x 2 x 3, from photograph to canvas pixels; sizes: n x 2, the canvases'
    width and height.
    """

    names: np.ndarray
    starts: np.ndarray
    points: np.ndarray
    descriptors: np.ndarray
    canvases: np.ndarray
    sizes: np.ndarray

    def rows(self, image: int) -> slice:
        """The rows of photograph number `image`."""
        return slice(self.starts[image], self.starts[image + 1])

    def of(self, image: int) -> tuple[np.ndarray, ...]:
        """What `joined` takes of photograph number `image`."""
        rows = self.rows(image)
        return self.points[rows], self.descriptors[rows], self.canvases[image], self.sizes[image]

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


def joined(names: np.ndarray, found: list[tuple[np.ndarray, ...]]) -> Features:
    """Put together each photograph's (points, descriptors, canvas, size), in `names`' order."""
    points, descriptors, canvases, sizes = zip(*found, strict=True)
    return Features(
        np.asarray(names),
        np.cumsum([0, *(len(one) for one in points)]),
        np.concatenate(points),
        np.concatenate(descriptors),
        np.stack(canvases),
        np.array(sizes),
    )


def nothing() -> Features:
    """No photograph's features: what the stage writes where it is switched off."""
    none = np.empty((0, 2), np.float32)
    return Features(
        np.empty(0, str), np.zeros(1, int), none, none.astype(np.uint8), np.empty((0, 2, 3)), none
    )
