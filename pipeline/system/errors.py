"""Errors that the user can correct: the program prints them in one line, without a traceback."""

import errno
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from pipeline.system import files

MAX_LINES = 50  # of the faults that are printed
RUN_FIRST = "run the pipeline first (tailprint run)"
FULL = (
    "no space is left on the disk{}: make room (`dvc gc --workspace` removes the results of other "
    "settings), then repeat the same command"
)
SHARED_MEMORY = (
    "the shared memory (/dev/shm) is full: end what uses it, or give the container more "
    "(docker run --shm-size=2g), then repeat the same command"
)
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)  # no right, or a disk mounted to be read

MAKE_AGAIN = "tailprint check --remove deletes it with DVC's copy, and tailprint run makes it again"
NOT_OF_ONE_RUN = (
    "the files of data/work are not of one run: tailprint check --remove deletes damaged ones, and "
    "tailprint run makes them again"
)
OTHER_SETTINGS = (
    "params.yaml or the photographs have changed since the run: run the pipeline again (tailprint "
    "run), or undo the change"
)


class UserError(ValueError):
    """A wrong option, setting or file, or a missing one; the message names the remedy."""


class Faults(UserError):
    """All faults of the input, one line each; a fault names its file, its row and the value.

    A row is the line of the file as an editor counts it: the header is row 1.

    remedy : a last line about several of them
    """

    def __init__(self, source: object, faults: list[str], remedy: str = "") -> None:
        self.faults = faults
        lines = [f"{source}: {len(faults)} fault{'s' if len(faults) > 1 else ''}"]
        lines += [f"  {fault}" for fault in faults[:MAX_LINES]]
        if len(faults) > MAX_LINES:
            lines.append(f"  ... and {len(faults) - MAX_LINES} more")
        lines += [remedy] if remedy else []
        super().__init__("\n".join(lines))


def require_files(paths: Iterable[Path], remedy: str = RUN_FIRST) -> None:
    """Raise UserError for the first file that does not exist."""
    for path in paths:
        if not path.is_file():
            raise UserError(f"{path} does not exist: {remedy}")


def explain(error: BaseException) -> str | None:
    """What to print in place of a traceback: the fault and the way out.

    None for what no user can correct.
    """
    if isinstance(error, UserError):
        return str(error)
    chain: BaseException | None = error
    while chain is not None:
        if "shared memory" in str(chain):
            return SHARED_MEMORY
        if files.is_full(chain):
            return FULL.format(name_file(chain))
        chain = chain.__cause__ or chain.__context__
    if isinstance(error, OSError) and error.errno in CLOSED:
        return (
            f"{error.strerror}{name_file(error)}: the project must be in a folder that you may "
            "write to; change the rights or copy it, then repeat the same command"
        )
    return None


def name_file(error: BaseException) -> str:
    """The file that an error names, in brackets; "" without one."""
    name = getattr(error, "filename", None)
    return f" ({name})" if name else ""


@contextmanager
def explain_damage(path: object) -> Iterator[None]:
    """Say of a file that the project has written, and that can't be read, how to make it again.

    Whatever the library says that reads it becomes a UserError.
    """
    try:
        yield
    except (UserError, MemoryError):
        raise
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: {RUN_FIRST}") from None
    except Exception as error:  # pandas, pyarrow, NumPy, zip and JSON raise a dozen kinds
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise UserError(f"{path} is damaged ({reason}): {MAKE_AGAIN}") from error


def print_user_errors() -> None:
    """Let an error that the user can correct end this process with one line; the exit code is 1."""

    def print_error(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        message = explain(error)
        if message is None:
            sys.__excepthook__(kind, error, traceback)
        else:
            print(message, file=sys.stderr)

    sys.excepthook = print_error
