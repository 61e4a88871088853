"""How the U-Net's masks and boxes differ from masks that it did not learn from: the file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data import tables

SHOWN = 12  # pictures that are kept, of the worst masks


@dataclass(frozen=True)
class UnseenMasks:
    """n photographs, the worst mask first.

    names, masks, boxes: n; intersection over union of the masks, and of the boxes around them, 0
    where nothing was found; pictures: of the first SHOWN, uint8 D x D x 5: RGB, the mask held out
    and the one found, 0 or 255; source: whose the masks are, "mask" (given) or "grabcut"
    """

    names: np.ndarray
    masks: np.ndarray
    boxes: np.ndarray
    pictures: np.ndarray
    source: str

    def save(self, path: Path) -> None:
        """Write as .npz, whole or not at all."""

        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.savez_compressed(
                    file, **{name: getattr(self, name) for name in self.__dataclass_fields__}
                )

        tables.replace(path, write)

    @classmethod
    def load(cls, path: Path) -> "UnseenMasks":
        """What `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            read = {name: file[name] for name in cls.__dataclass_fields__}
        return cls(**read | {"source": str(read["source"])})


def nothing() -> UnseenMasks:
    """Where no U-Net was taught, or with too few masks to hold any out."""
    empty = np.zeros(0)
    return UnseenMasks(empty.astype(str), empty, empty, np.zeros((0, 1, 1, 5), np.uint8), "mask")
