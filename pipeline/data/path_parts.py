"""The parts of a path, as any system writes it."""

import unicodedata
from pathlib import PurePosixPath

Parts = tuple[str, ...]


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
