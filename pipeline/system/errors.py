"""Errors that the user can correct: the program prints them in one line, without a traceback."""

import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

RUN_FIRST = "run the pipeline first (tailprint run)"


class UserError(ValueError):
    """A wrong option, setting or file, or a missing one; the message names the remedy."""


def require_files(paths: Iterable[Path], remedy: str = RUN_FIRST) -> None:
    """Raise UserError for the first file that does not exist."""
    for path in paths:
        if not path.is_file():
            raise UserError(f"{path} does not exist: {remedy}")


def print_user_errors() -> None:
    """Let a UserError that ends this process print its message only; the exit code stays 1."""

    def print_error(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, UserError):
            print(error, file=sys.stderr)
        else:
            sys.__excepthook__(kind, error, traceback)

    sys.excepthook = print_error
