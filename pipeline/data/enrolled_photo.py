"""Individuals that are added to the gallery after training, by one photograph each.

The photograph's embeddings and local features are computed once, and stored with a hash of what
computed them: embeddings of other members cannot be compared. A copy of the photograph lies beside
them, so that they can be computed again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data import tables
from pipeline.data.features import Features
from pipeline.system.errors import UserError, explain_damage

SUFFIX = ".npz"
PREFIX = "features_"  # of the arrays of the local features
ENROLL_AGAIN = "delete it, and enroll its photograph again (its copy lies beside it)"
TEXTS = ("identity", "photograph", "copy", "sha256", "made_with")


@dataclass(frozen=True)
class Enrolled:
    """One photograph of a named individual.

    photograph : the name of its file
    copy : the name of the copy beside this file
    made_with : a hash of the members and settings that computed what follows
    vectors : one unit vector per member, m x d float32
    features : its local features, as those of the only photograph
    """

    identity: str
    photograph: str
    copy: str
    sha256: str
    made_with: str
    vectors: np.ndarray
    features: Features

    def save(self, folder: Path) -> Path:
        """Write to `folder` under the photograph's hash, and return the path.

        A photograph that is enrolled again replaces its file.
        """
        path = folder / f"{self.sha256}{SUFFIX}"
        arrays: dict[str, Any] = {name: np.array(str(getattr(self, name))) for name in TEXTS}
        arrays["vectors"] = self.vectors
        arrays |= {f"{PREFIX}{name}": array for name, array in vars(self.features).items()}
        arrays[f"{PREFIX}names"] = self.features.names.astype(str)

        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.savez(file, **arrays)

        tables.replace(path, write)
        return path

    @classmethod
    def load(cls, path: Path) -> "Enrolled":
        """Read what `save` wrote; raises UserError if it is damaged or another version wrote it."""
        try:
            with explain_damage(path), np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except UserError:
            raise UserError(f"{path} is damaged: {ENROLL_AGAIN}") from None
        features = {
            name.removeprefix(PREFIX): array
            for name, array in arrays.items()
            if name.startswith(PREFIX)
        }
        try:
            texts = {name: str(arrays[name]) for name in TEXTS}
            return cls(**texts, vectors=arrays["vectors"], features=Features(**features))
        except (KeyError, TypeError):
            raise UserError(f"{path} is of another version: {ENROLL_AGAIN}") from None


def load_enrolled(folder: Path) -> list[Enrolled]:
    """Load all enrolled photographs, in the order of their hashes, without half-written files."""
    return [Enrolled.load(path) for path in sorted(folder.glob(f"[!.]*{SUFFIX}"))]
