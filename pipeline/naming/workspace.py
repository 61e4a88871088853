"""The hidden folder in OUT where finished work is kept, so that the next run goes on from it.

Every file is named by what it depends on: the content of photographs and the settings. A file that
is damaged is made again.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipeline.data import tables
from pipeline.naming.settings import BACKBONE, ENSEMBLE
from pipeline.params import Params
from pipeline.system import files
from pipeline.system.errors import UserError

FOLDER = ".tailprint"
FORMAT = 3  # to be raised with every change of what is stored
SECTIONS = ("crop", "embed", "keypoints", "neighbours", "match")


class Workspace:
    """The stored results of OUT: of photographs, and of comparisons with one catalogue."""

    def __init__(self, out: Path, p: Params) -> None:
        self.folder = out / FOLDER
        self.key = fingerprint(p)

    def open(self) -> None:
        """Create the folder. Raises UserError if OUT is another's or of other settings."""
        settings = self.folder / "settings.json"
        out = self.folder.parent
        if settings.is_file() and (self.folder / "photographs").is_dir():
            if tables.read_json(settings).get("key") != self.key:
                raise UserError(
                    f"{out} was written with another --backbone or by another version: name "
                    f"another folder with -o, or delete {out}"
                )
            return
        if out.is_dir() and any(out.iterdir()) and not self.folder.is_dir():
            raise UserError(f"{out} has other files: name a new or empty folder with -o")
        try:
            tables.write_json({"key": self.key}, settings)
        except OSError as error:
            if files.is_full(error):
                raise
            raise UserError(
                f"the answers can't be written to {out} ({error.strerror}): name a folder with -o "
                "that you may write to"
            ) from None

    def path(self, kind: str, name: str) -> Path:
        """The file of a result."""
        return place_result(self.folder, kind, name)

    def load(self, kind: str, name: str) -> dict[str, np.ndarray] | None:
        """Read a result; None if it is missing or damaged."""
        return load_result(self.path(kind, name))

    def save(self, kind: str, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write a result, whole or not at all."""
        save_result(self.folder, kind, name, arrays)


def place_result(folder: Path, kind: str, name: str) -> Path:
    """The file of a result in the hidden folder; two letters spread thousands over folders."""
    return folder / kind / name[:2] / f"{name}.npz"


def save_result(folder: Path, kind: str, name: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a result into the hidden folder, whole or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # allow_pickle is no array of ours
    content = buffer.getvalue()
    digest = hashlib.sha256(content).digest()
    path = place_result(folder, kind, name)
    tables.replace(path, lambda part: part.write_bytes(digest + content))


def load_result(path: Path) -> dict[str, np.ndarray] | None:
    """Read a result; None if it is missing or damaged."""
    if not path.is_file():
        return None
    data = path.read_bytes()
    digest, content = data[:32], data[32:]
    if hashlib.sha256(content).digest() != digest:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return dict(file)


def fingerprint(p: Params) -> str:
    """A hash of the settings that results depend on; the prior and the blend are none of them."""
    settings = {name: getattr(p, name).model_dump(mode="json") for name in SECTIONS}
    backbone = p.backbones[BACKBONE]
    settings["backbone"] = backbone.model_dump(mode="json")
    names = "pooling", "pooling_cells", "reduction", "channels", "grey"
    settings["pooling"] = [getattr(p.train, name) for name in names]
    settings["ensemble"] = p.ensembles[ENSEMBLE].model_dump(mode="json")
    if Path(backbone.weights).is_file():
        settings["weights"] = hashlib.sha256(Path(backbone.weights).read_bytes()).hexdigest()
    text = json.dumps([FORMAT, settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
