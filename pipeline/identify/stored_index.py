"""An index of local features in a file that ends with its SHA-256: faiss trusts what it reads."""

import hashlib
import os
from pathlib import Path

import faiss

from pipeline.data import tables

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
