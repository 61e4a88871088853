"""Files and folders that appear whole or not at all, whatever interrupts their writing."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)  # a full disk, a used up quota
# less than this is left of a disk that a failed write has filled
FULL_DISK = 2**20

# the temporary files that this process is writing: a signal's handler removes them
unfinished: set[Path] = set()


def replace(path: Path, save: Callable[[Path], object]) -> None:
    """Let `save` write a temporary file in the same folder, and rename it to `path`.

    The bytes are on the disk before the rename, so that a power cut leaves the old file or the new
    one. Raises OSError with ENOSPC if the disk is full, whatever the library says that saves.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    unfinished.add(part)
    try:
        save(part)
        sync(part)
        os.replace(part, path)
        sync(path.parent)
    except Exception as error:
        raise_if_full(path, error)
        raise
    finally:
        part.unlink(missing_ok=True)
        unfinished.discard(part)


def rename_folder(part: Path, path: Path) -> None:
    """Rename a folder that was written under a temporary name, with its bytes on the disk."""
    if hasattr(os, "sync"):
        os.sync()
    part.rename(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folder
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network folders can't
            raise
    finally:
        os.close(descriptor)


def raise_if_full(path: Path, error: Exception) -> None:
    """Raise OSError with ENOSPC if that is what `error` is about, under any name.

    NumPy says that it wrote too few items, torch that a stream failed, and Rust has a text.
    """
    code = error.errno if isinstance(error, OSError) else None
    text = os.strerror(errno.ENOSPC)
    if code in NO_SPACE or (
        not code and (text in str(error) or shutil.disk_usage(path.parent).free < FULL_DISK)
    ):
        raise OSError(errno.ENOSPC, text, str(path)) from error
