"""How well the U-Net's masks and boxes match masks that it was not trained on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data import tables
from pipeline.system.errors import explain_damage

PICTURES = 12  # that are stored, of the worst masks


@dataclass(frozen=True)
class HeldOutMasks:
    """n photographs, the worst mask first.

    names, masks, boxes : n; intersection over union of the masks, and of the boxes around them, 0
        if nothing was predicted
    pictures : of the first PICTURES, uint8 D x D x 5: RGB, the held-out mask and the predicted one,
        0 or 255
    source : of the held-out masks: "mask" (the competition's) or "grabcut"
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
    def load(cls, path: Path) -> "HeldOutMasks":
        """Read what `save` wrote."""
        with explain_damage(path), np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in cls.__dataclass_fields__}
        return cls(**arrays | {"source": str(arrays["source"])})


def build_empty() -> HeldOutMasks:
    """The result without a U-Net, or with too few masks to hold any out."""
    empty = np.zeros(0)
    return HeldOutMasks(empty.astype(str), empty, empty, np.zeros((0, 1, 1, 5), np.uint8), "mask")
