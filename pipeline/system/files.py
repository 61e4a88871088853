"""Files and folders that appear whole or not at all, whatever interrupts their writing."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)  # a full disk, a used up quota
# less than this is left of a disk that a failed write has filled
FULL_DISK = 2**24

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


def reserve(path: Path) -> None:
    """Give a file all its blocks of the disk; raises OSError with ENOSPC if they are not there.

    A memory map of a file without them kills the process when the disk is full.
    """
    if hasattr(os, "posix_fallocate"):
        descriptor = os.open(path, os.O_RDWR)
        try:
            os.posix_fallocate(descriptor, 0, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)


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
    """Raise OSError with ENOSPC, naming the file, if a full disk is what `error` is about.

    NumPy says only that it wrote too few items, and torch that a stream failed.
    """
    unnamed = isinstance(error, RuntimeError) or (isinstance(error, OSError) and not error.errno)
    if is_full(error) or (unnamed and has_no_space(path.parent)):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error


def has_no_space(folder: Path) -> bool:
    """Whether so little is left of a folder's disk that a write has failed for it."""
    return shutil.disk_usage(folder).free < FULL_DISK


def is_full(error: BaseException) -> bool:
    """Whether an error is a full disk's; libraries in Rust and C have only the text."""
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return True
    texts = [os.strerror(errno.ENOSPC), "disk is full"]
    return any(text in str(error) for text in texts)
