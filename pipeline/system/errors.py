"""Errors that the user can correct: the program prints them in one line, without a traceback."""

from collections.abc import Iterable
from pathlib import Path

RUN_FIRST = "run the pipeline first (tailprint run)"


class UserError(Exception):
    """A wrong option, setting or file, or a missing one; the message names the remedy."""


def require_files(paths: Iterable[Path], remedy: str = RUN_FIRST) -> None:
    """Raise UserError for the first file that does not exist."""
    for path in paths:
        if not path.is_file():
            raise UserError(f"{path} does not exist: {remedy}")
