"""The catalogue's photographs as a gallery: numbered individuals, identical files once."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.data import features, identity_names
from pipeline.data.features import Features
from pipeline.data.gallery import NO_FOLD, Embeddings
from pipeline.naming.linear_embedding import FittedEmbeddings
from pipeline.naming.photographs import Described, Photographs
from pipeline.system.errors import UserError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Known:
    """The gallery.

    rows : the table "folds": image (the content's digest, with an ending for a second individual),
        identity (a number as text), group (one per content)
    names : of the individuals, by identity
    files : by image, from the catalogue's folder if they are in it; digests : by image
    """

    rows: pd.DataFrame
    names: dict[str, str]
    files: dict[str, str]
    digests: dict[str, str]

    @cached_property
    def key(self) -> str:
        """A hash of what comparisons depend on: the photographs and who is on them."""
        text = "\n".join(self.rows["image"] + " " + self.rows["identity"])
        return hashlib.sha256(text.encode()).hexdigest()

    def images_of(self, digest: str) -> list[str]:
        """The gallery's rows with this content."""
        return self.rows.loc[self.rows["image"].map(self.digests) == digest, "image"].tolist()


def build_known(catalogue: pd.DataFrame, folder: Path, found: Photographs) -> Known:
    """Number the individuals of a catalogue whose photographs are described.

    catalogue : columns path, name, and file if what is compared (path) was cut out of another file

    folder : the catalogue's, from which files are named

    Raises UserError if fewer than two individuals are left.
    """
    table = catalogue[catalogue["path"].isin(list(found.digests))]
    table = table.assign(file=table["file"] if "file" in table else table["path"])
    if fault := identity_names.count_fault(sorted(set(table["name"]))):
        raise UserError(f"of the catalogue's photographs that can be read: {fault}")
    table = table.assign(digest=[found.digests[path] for path in table["path"]])
    log_repeated(table)
    table = table.drop_duplicates(["digest", "name"])
    codes, names = pd.factorize(table["name"], sort=True)
    table = table.assign(identity=[f"{code:06d}" for code in codes])
    table = table.sort_values(["digest", "identity"], ignore_index=True)
    again = table.groupby("digest").cumcount()
    images = [
        f"{digest}-{n}" if n else digest for digest, n in zip(table["digest"], again, strict=True)
    ]
    group, _ = pd.factorize(table["digest"])
    rows = pd.DataFrame({"image": images, "identity": table["identity"], "group": group})
    rows = rows.assign(only_fold="", fold=NO_FOLD, part=NO_FOLD)
    return Known(
        rows,
        {f"{code:06d}": str(name) for code, name in enumerate(names)},
        {image: name_file(path, folder) for image, path in zip(images, table["file"], strict=True)},
        dict(zip(images, table["digest"], strict=True)),
    )


def name_file(file: Path, folder: Path) -> str:
    """A file as it is listed: from the folder if it is inside."""
    inside = file.relative_to(folder) if file.is_relative_to(folder) else file
    return inside.as_posix()


def log_repeated(table: pd.DataFrame) -> None:
    """Say which files of the catalogue are the same, and under how many names."""
    repeated = table[table.duplicated(["digest", "name"])]
    if len(repeated):
        logger.info(
            "%d files of the catalogue are copies of another of the same individual, and count "
            "once (%s)",
            *(len(repeated), ", ".join(str(path) for path in repeated["file"][:3])),
        )
    for _, rows in table.drop_duplicates(["digest", "name"]).groupby("digest"):
        if len(rows) > 1:
            logger.warning(
                "one photograph is in the catalogue under several names, %s: %s",
                *(", ".join(rows["name"]), ", ".join(str(path) for path in rows["file"])),
            )


@dataclass(frozen=True)
class Collection:
    """Embeddings and local features of the gallery and of the new photographs, by image."""

    embeddings: FittedEmbeddings
    features: Features


def collect(
    known: Known, new: Mapping[str, Described], described: Mapping[str, Described]
) -> Collection:
    """Join the gallery's photographs (`described`, by digest) and the new ones (by image)."""
    images = known.rows["image"].tolist()
    everything = [described[known.digests[image]] for image in images] + list(new.values())
    names = np.array([*images, *new])
    embeddings = FittedEmbeddings(Embeddings(names, np.stack([one.vector for one in everything])))
    return Collection(embeddings, features.join(names, [one.features for one in everything]))
