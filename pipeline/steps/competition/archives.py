"""Unpacking a competition's zip files, which Kaggle nests in several ways."""

import errno
import logging
import lzma
import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from pipeline.data import photograph_files
from pipeline.system.errors import Faults
from pipeline.system.files import NO_SPACE

logger = logging.getLogger(__name__)

ENCRYPTED = 0x1  # the bit of an entry's flags
DEPTH = 2  # of archives inside the downloaded one
GIGABYTE = 10**9
OTHER_ARCHIVES = (".7z", ".gz", ".tgz", ".tar", ".rar", ".bz2", ".xz")


def unpack_all(folder: Path) -> None:
    """Unpack the zip files of a folder, and those inside of them, and remove them.

    What `train.zip` holds comes into `train/`, and `train.csv.zip` becomes `train.csv`, whether or
    not the archive has a folder of its own name inside. Raises Faults for an archive that is
    damaged, encrypted or too large for the disk, or that would write elsewhere.
    """
    for archive in sorted(folder.glob("*.zip")):
        unpack(archive, folder)
    for _ in range(DEPTH):
        for inner in sorted(folder.rglob("*.zip")):
            unpack_beside(inner)
    others = [path.name for path in folder.rglob("*") if path.suffix.lower() in OTHER_ARCHIVES]
    if others:
        logger.warning("%s: only zip files are unpacked, not %s", folder, ", ".join(sorted(others)))


def find_root(folder: Path) -> Path:
    """The folder that has train.csv: `folder`, or the one inside of it if there is one only."""
    found = [] if (folder / "train.csv").exists() else list(folder.rglob("train.csv"))
    return found[0].parent if len(found) == 1 else folder


def unpack_beside(archive: Path) -> None:
    """Unpack `train.zip` to `train` beside it; it stays if that exists already."""
    target = archive.with_suffix("")
    if target.exists():
        logger.warning("%s is left packed, since there is %s", archive, target.name)
        return
    part = archive.with_name(f".part-{target.name}")
    part.mkdir()
    unpack(archive, part)
    part.rename(target)
    lift(target)


def lift(folder: Path) -> None:
    """Put the only entry of a folder into the folder's place, if it is meant to be there.

    That is a folder of the same name (`train/train/`), or the file of `train.csv/`.
    """
    entries = list(folder.iterdir())
    if len(entries) != 1:
        return
    inner = entries[0]
    is_table = inner.is_file() and folder.suffix != "" and inner.suffix == folder.suffix
    if is_table or (inner.is_dir() and inner.name == folder.name):
        part = folder.with_name(f".part-{folder.name}")
        inner.rename(part)
        folder.rmdir()
        part.rename(folder)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip file into an existing folder and remove it; systems' rubbish is left out.

    Raises Faults, before anything is written, if an entry would leave `folder` or is encrypted, and
    if the disk is too small.
    """
    try:
        with zipfile.ZipFile(archive) as files:
            for entry in files.infolist():
                entry.filename = entry.filename.replace("\\", "/")  # written on Windows
            entries = [entry for entry in files.infolist() if not _is_rubbish(entry.filename)]
            if faults := _find_faults(archive, entries, folder):
                raise Faults(archive, faults)
            files.extractall(folder, entries)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise Faults(
            archive, [f"damaged or cut off ({error}): run again, which downloads it again"]
        ) from None
    except NotImplementedError as error:
        raise Faults(
            archive, [f"packed in a way that is not known here ({error}): unpack it by hand"]
        ) from None
    except OSError as error:
        raise Faults(archive, [_describe(error, folder)]) from None
    archive.unlink()


def _is_rubbish(name: str) -> bool:
    return any(photograph_files.is_rubbish(part) for part in PurePosixPath(name).parts)


def _find_faults(archive: Path, entries: list[zipfile.ZipInfo], folder: Path) -> list[str]:
    root = folder.resolve()
    links = [entry.filename for entry in entries if stat.S_ISLNK(entry.external_attr >> 16)]
    names = [entry.filename for entry in entries]
    outside = [name for name in names if not (root / name).resolve().is_relative_to(root)]
    faults = [f"{archive.name}: {name!r} is a link, not a file" for name in links]
    faults += [f"{archive.name}: {name!r} would be written outside {folder}" for name in outside]
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        faults.append("encrypted: unpack it by hand with its password")
    needed = sum(entry.file_size for entry in entries)
    free = shutil.disk_usage(folder).free
    if needed > free:
        faults.append(
            f"the disk is too small: {needed / GIGABYTE:.1f} GB are needed, {free / GIGABYTE:.1f} "
            f"GB are free at {folder}"
        )
    return faults


def _describe(error: OSError, folder: Path) -> str:
    if error.errno in NO_SPACE:
        return f"the disk of {folder} is full: free some space and run again"
    name = os.path.basename(error.filename or "")
    return f"can't be unpacked: {name}: {os.strerror(error.errno or errno.EIO)}"
