"""The parts of a path, as any system writes it."""

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TypeVar

Parts = tuple[str, ...]
File = TypeVar("File")


def split_path(name: str) -> Parts:
    """The parts of a path of any system; accents are composed."""
    text = unicodedata.normalize("NFC", name.strip().replace("\\", "/"))
    return tuple(part for part in PurePosixPath(text).parts if part not in ("/", "//"))


def count_shared(a: Parts, b: Parts) -> int:
    """How many parts two paths share at their ends."""
    shared = 0
    for one, other in zip(reversed(a), reversed(b), strict=False):
        if one != other:
            break
        shared += 1
    return shared


def longest_tails(name: str, by_last: Mapping[str, Sequence[tuple[Parts, File]]]) -> list[File]:
    """The files that share most of their end with a name.

    by_last : files with the parts of their paths, by the last one
    """
    parts = split_path(name)
    if not parts:
        return []
    shared = [(count_shared(parts, own), file) for own, file in by_last.get(parts[-1], [])]
    longest = max((count for count, _ in shared), default=0)
    return [file for count, file in shared if count == longest]
