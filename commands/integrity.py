"""Whether the files of a run are still what was written: every byte is hashed again."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from commands import lockfile
from commands.dvc_runs import LOCKS
from commands.leftovers import find_cache
from pipeline import paths
from pipeline.data import tables
from pipeline.system import machine
from pipeline.system.errors import UserError

FOLDER = ".dir"  # the end of the hash of a list of files, in dvc.lock and in DVC's cache

Progress = Callable[[Iterable], Iterable]


@dataclass(frozen=True)
class Recorded:
    """A file that should have a hash.

    path : from the project's root
    maker : the stage that writes it
    in_cache : whether it is DVC's copy of an output, and not the output
    """

    path: Path
    digest: str
    maker: str
    in_cache: bool
    algorithm: str = "md5"


@dataclass(frozen=True)
class Integrity:
    """What hashing has found: the files as recorded, other than recorded, and not there."""

    whole: list[Recorded]
    damaged: list[Recorded]
    missing: list[Recorded]


def check_integrity(progress: Progress = iter) -> Integrity:
    """Hash all outputs that dvc.lock records, DVC's copies of them, and the photographs.

    A file that is linked to its copy is read once. Raises UserError if dvc.lock is not whole.
    """
    recorded = {one.path: one for one in [*list_outputs(), *list_photographs()]}.values()
    present = [one for one in recorded if one.path.is_file()]
    places = {(identify(one.path), one.algorithm): one for one in present}
    with ThreadPoolExecutor(machine.count_cores()) as pool:
        digests = pool.map(lambda one: hash_file(one.path, one.algorithm), places.values())
        found = dict(zip(places, progress(digests), strict=True))
    is_whole = [found[identify(one.path), one.algorithm] == one.digest for one in present]
    pairs = list(zip(present, is_whole, strict=True))
    return Integrity(
        [one for one, whole in pairs if whole],
        [one for one, whole in pairs if not whole],
        [one for one in recorded if not one.path.exists()],
    )


def list_outputs() -> Iterator[Recorded]:
    """The outputs of all records of the locks, and their copies in DVC's cache."""
    cache = find_cache() / "files/md5"
    for lock in filter(Path.is_file, LOCKS):
        record = lockfile.load(lock)
        if record is None:
            raise UserError(f"{lock} is not whole: tailprint run puts the last whole one back")
        stages = YAML(typ="safe").load(lock.with_name("dvc.yaml"))["stages"]
        for maker, stage in (record.get("stages") or {}).items():
            folder = stages.get(maker.partition("@")[0], {}).get("wdir", "")
            for out in stage.get("outs") or []:
                path = Path(os.path.normpath(lock.parent / folder / out["path"]))
                yield from list_output(path, out["md5"], maker, cache)


def list_output(path: Path, digest: str, maker: str, cache: Path) -> Iterator[Recorded]:
    """One output, a file or every file of a folder, and its copies."""
    copy = cache / digest[:2] / digest[2:]
    if not digest.endswith(FOLDER):
        yield Recorded(path, digest, maker, in_cache=False)
        yield Recorded(copy, digest, maker, in_cache=True)
        return
    yield Recorded(copy, digest.removesuffix(FOLDER), maker, in_cache=True)
    for file in read_folder(copy):
        yield from list_output(path / file["relpath"], file["md5"], maker, cache)


def read_folder(listing: Path) -> list[dict[str, str]]:
    """The files of a folder by DVC's list of them; none if it is missing, or damaged itself."""
    try:
        files = json.loads(listing.read_text(encoding="utf-8"))
        return [{"relpath": file["relpath"], "md5": file["md5"]} for file in files]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def list_photographs() -> Iterator[Recorded]:
    """The photographs, by the hashes that the stage `competition` has written."""
    if paths.IMAGES.is_file():
        for row in tables.read("images", paths.IMAGES).itertuples():
            path = Path(str(row.path))
            yield Recorded(path, str(row.sha256), "competition", in_cache=False, algorithm="sha256")


def identify(path: Path) -> tuple[int, int]:
    """What files that are linked to each other share."""
    status = path.stat()
    return status.st_dev, status.st_ino


def hash_file(path: Path, algorithm: str) -> str:
    """The hash of a file's bytes; "" if the disk cannot read them."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, algorithm).hexdigest()
    except OSError:
        return ""


def remove_damaged(damaged: Iterable[Recorded]) -> int:
    """Remove the damaged outputs and copies; returns their number. Photographs are the user's."""
    removed = [one.path for one in damaged if one.algorithm == "md5"]
    for path in removed:
        path.unlink(missing_ok=True)
    return len(removed)
