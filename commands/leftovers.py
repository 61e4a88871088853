"""What a killed run has left in the way of the next one."""

import contextlib
import json
import re
import time
from pathlib import Path

import psutil

from commands.messages import say
from pipeline.system import children

RWLOCK = Path(".dvc/tmp/rwlock")  # DVC's list of who reads and writes which file
PART = re.compile(r"^\.part-(\d+)-")  # of `files.replace`
LINK = re.compile(r"^\.[\w-]{22}\.tmp$")  # of DVC, before an output gets its name
RECORD = re.compile("^[0-9a-f]{64}$")
POLL = 0.5  # seconds between two looks at another DVC
SAVING = 1.0  # seconds within which a living DVC has saved a record


def clear() -> None:
    """Remove what no living process owns: DVC's locks, half-written files and records.

    DVC removes a dead process's lock itself, unless the file is cut or its number was given again,
    as a container does.
    """
    if not find_others():
        for path in [RWLOCK, *list_files(LINK)]:
            path.unlink(missing_ok=True)
    for part in list_files(PART):
        if not is_alive(int(PART.findall(part.name)[0]), part.stat().st_mtime):
            part.unlink(missing_ok=True)
    clear_run_cache()


def clear_run_cache() -> None:
    """Remove half-written records and empty folders from DVC's run cache.

    A kill between DVC's making of the folder and the record's getting its name leaves them: DVC
    takes half a record for a whole one, and every later run fails at an empty folder.
    """
    before = find_unsaved()
    if not before:
        return
    time.sleep(SAVING)  # other projects may share the cache
    for path in before & find_unsaved():
        if path.is_dir():
            with contextlib.suppress(OSError):
                path.rmdir()
        else:
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def find_unsaved() -> set[Path]:
    """What no finished saving leaves in the run cache."""
    folders = list(find_cache().glob("runs/*/*"))
    empty = {folder for folder in folders if not any(folder.iterdir())}
    return empty | {f for folder in folders for f in folder.iterdir() if not RECORD.match(f.name)}


def find_cache() -> Path:
    """DVC's cache of this project, which others may share."""
    from dvc.config import Config

    return Path(Config(".dvc")["cache"].get("dir") or ".dvc/cache")


def list_files(name: re.Pattern) -> list[Path]:
    """The files of such a name wherever a stage or a command writes."""
    places = [Path(), Path("data"), Path(".dvc/tmp"), Path("data/demo")]
    trees = [Path("data/work"), Path("data/enrolled"), Path("submissions")]
    found = [file for place in places for file in place.glob(".*")]
    found += [file for tree in trees for file in tree.rglob(".*")]
    return [file for file in found if name.match(file.name) and file.is_file()]


def find_others() -> dict[int, str]:
    """The processes of DVC at work in this project that are not ours: number and command."""
    try:
        written, locks = RWLOCK.stat().st_mtime, json.loads(RWLOCK.read_text())
        owners = [*locks.get("write", {}).values()]
        owners += [owner for several in locks.get("read", {}).values() for owner in several]
        commands = {int(owner["pid"]): str(owner["cmd"]) for owner in owners}
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return {}  # there is none, or it was cut
    ours = children.pids()
    return {pid: c for pid, c in commands.items() if pid not in ours and is_alive(pid, written)}


def is_alive(pid: int, since: float) -> bool:
    """Whether the process of that number which was alive at a time (seconds) still is."""
    try:
        process = psutil.Process(pid)
        # a second for the clocks
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= since + 1
    except psutil.Error:
        return False


def wait_for_others() -> bool:
    """Wait until no other DVC works in this project, in one line; returns whether any did."""
    others = find_others()
    if others:
        pid, command = next(iter(others.items()))
        say(f"`{Path(command).name}` (process {pid}) is at work in this project: waiting for it")
    while find_others():
        time.sleep(POLL)
    return bool(others)
