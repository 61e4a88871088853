"""A path as the text of a table."""

from pathlib import Path


def to_text(path: Path) -> str:
    """A path with slashes; bytes that are no UTF-8 are escaped, which no table can hold."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode()
