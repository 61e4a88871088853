"""Individuals added to the gallery after training, each by one photograph: what is kept of it.

Its vectors and local features are worked out once, and say what made them: other members' vectors
mean something else. A copy of the photograph lies beside them, to make them anew from.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data import tables
from pipeline.data.features import Features

SUFFIX = ".npz"
WORDS = ("identity", "photograph", "copy", "sha256", "made_with")


@dataclass(frozen=True)
class Enrolled:
    """One photograph of a named individual.

    photograph: what its file was called; copy: the name of the copy beside this file; made_with:
    a hash of the members and settings that made what follows; vectors: one unit vector a member,
    m x d float32; features: its local features, as those of the only photograph
    """

    identity: str
    photograph: str
    copy: str
    sha256: str
    made_with: str
    vectors: np.ndarray
    features: Features

    def save(self, folder: Path) -> Path:
        """Write it into `folder` under its hash; returns the file. A photograph has one name."""
        path = folder / f"{self.sha256}{SUFFIX}"
        words = {name: str(getattr(self, name)) for name in WORDS}
        own = {f"features_{name}": array for name, array in vars(self.features).items()}
        own["features_names"] = self.features.names.astype(str)

        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.savez(file, **words, vectors=self.vectors, **own)

        tables.replace(path, write)
        return path

    @classmethod
    def load(cls, path: Path) -> "Enrolled":
        """What `save` wrote; raises ValueError for a file that another version wrote."""
        with np.load(path, allow_pickle=False) as file:
            prefix = "features_"
            arrays = {name: file[name] for name in file.files}
        features = {
            name.removeprefix(prefix): array
            for name, array in arrays.items()
            if name.startswith(prefix)
        }
        try:
            words = {name: str(arrays[name]) for name in WORDS}
            return cls(**words, vectors=arrays["vectors"], features=Features(**features))
        except (KeyError, TypeError):
            raise ValueError(
                f"{path} is of another version: delete it, and enroll its photograph again"
            ) from None


def everyone(folder: Path) -> list[Enrolled]:
    """All enrolled photographs, in the order of their hashes; files half written are left out."""
    return [Enrolled.load(path) for path in sorted(folder.glob(f"[!.]*{SUFFIX}"))]
