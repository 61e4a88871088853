"""An index of local features in a file that ends with its SHA-256: faiss trusts what it reads."""

import hashlib
import logging
import os
from pathlib import Path

import faiss
import pandas as pd

from pipeline.data import tables
from pipeline.data.features import Features
from pipeline.params import Match
from pipeline.steps.match import by_number
from pipeline.steps.match import index as feature_index

logger = logging.getLogger(__name__)

DIGEST = hashlib.sha256().digest_size
BLOCK = 2**20  # bytes


def write_index(index: faiss.Index, path: Path) -> None:
    """Write an index, whole or not at all."""

    def save(part: Path) -> None:
        faiss.write_index(index, str(part))
        digest = hash_start(part, part.stat().st_size)
        with part.open("ab") as file:
            file.write(digest)

    tables.replace(path, save)


def read_index(path: Path) -> faiss.Index | None:
    """Read what `write_index` wrote; None for a file that is missing or damaged."""
    size = path.stat().st_size - DIGEST if path.is_file() else -1
    if size < 0:
        return None
    with path.open("rb") as file:
        file.seek(size, os.SEEK_SET)
        expected = file.read()
    return faiss.read_index(str(path)) if hash_start(path, size) == expected else None


def hash_start(path: Path, size: int) -> bytes:
    """The SHA-256 of the first `size` bytes of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size:
            block = file.read(min(size, BLOCK))
            digest.update(block)
            size -= len(block)
    return digest.digest()


def load_or_build(stored: Features, images: pd.Series, params: Match, folder: Path) -> faiss.Index:
    """Load the index of the galleries' local features, or build, store and return it.

    images : the galleries' photographs

    The file's name is a hash of all that the index depends on; an outdated one is deleted, and a
    damaged one is built again.
    """
    numbers = by_number.locate(by_number.number_photographs(stored), images)
    rows = by_number.list_rows(stored, numbers)
    key = hashlib.sha256(params.model_dump_json().encode())
    key.update(rows.data)
    for number in numbers:
        key.update(stored.descriptors[stored.rows(number)].data)
    key.update(feature_index.KIND.encode())
    path = folder / f"{key.hexdigest()}.faiss"
    if (found := read_index(path)) is not None:
        return feature_index.refine(found, stored.descriptors)
    logger.info("building the index of the gallery's local features, kept for the next time")
    codes = feature_index.build_codes(stored.descriptors, rows, params)
    for outdated in folder.glob("*.faiss"):
        outdated.unlink()
    write_index(codes, path)
    return feature_index.refine(codes, stored.descriptors)
