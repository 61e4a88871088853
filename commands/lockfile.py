"""dvc.lock: its last whole copy is kept, and put back if an interruption has cut the file."""

import os
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError

from commands.messages import say
from pipeline.system import files, git
from pipeline.system.errors import UserError

LOCK = "dvc.lock"
COPIES = Path(".dvc/tmp/whole")  # from the project's root, the current folder
CONFLICT = re.compile("^<{7} ", re.MULTILINE)


def load(lock: Path) -> dict[str, Any] | None:
    """What a lock holds; None if DVC would refuse it."""
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        return COMPILED_LOCKFILE_SCHEMA(YAML(typ="safe").load(lock.read_text(encoding="utf-8")))
    except (YAMLError, Invalid, UnicodeDecodeError):
        return None


def keep(lock: Path) -> None:
    """Copy a whole lock to where `mend` finds it."""
    files.replace(find_copy(lock), partial(shutil.copyfile, lock))


def find_copy(lock: Path) -> Path:
    """The path of a lock's copy; the lock lies in the current folder or below."""
    return COPIES / os.path.relpath(lock)


def mend(lock: Path) -> None:
    """Put back what an interruption cut from a lock, in one line; then keep the whole lock.

    DVC writes over the file, so that a kill can leave half of it: invalid, or valid without the
    records of the last stages. A lock as it was committed is what the user wants. Raises UserError
    for a merge that is not resolved.
    """
    if not lock.is_file():
        return  # removed by the user: DVC's run cache still has every result
    found = load(lock)
    if found is None:
        restore(lock)
    elif not git.is_committed(lock):
        add_lost_records(lock, found)
    if lock.is_file():
        keep(lock)


def restore(lock: Path) -> None:
    """Replace an invalid lock by its copy or the committed one; without either, remove it."""
    if CONFLICT.search(lock.read_text(encoding="utf-8", errors="replace")):
        raise UserError(
            f"{lock} has a merge that is not resolved: git checkout --ours {lock} (or --theirs), "
            "then repeat the same command"
        )
    copy, committed = find_copy(lock), git.read_committed(lock)
    if copy.is_file() and load(copy) is not None:
        files.replace(lock, partial(shutil.copyfile, copy))
        say(f"{lock} was cut by an interruption: its last whole copy is back")
    elif committed is not None:
        files.replace(lock, lambda part: part.write_bytes(committed))
        say(f"{lock} was cut by an interruption: the last commit's is back")
    else:
        lock.unlink()
        say(f"{lock} was cut by an interruption: it is written anew from DVC's run cache")


def add_lost_records(lock: Path, found: dict[str, Any]) -> None:
    """Add the records that the copy has, that the lock lacks, and whose stages still exist."""
    from dvc.utils.serialize import dumps_yaml

    kept = load(find_copy(lock)) if find_copy(lock).is_file() else None
    if kept is None:
        return
    stages = dict(found.get("stages") or {})
    last = next(reversed(stages), "")
    whole = kept["stages"].get(last)
    in_a_line = not lock.read_text(encoding="utf-8").endswith("\n")
    if whole and stages[last] != whole and (in_a_line or is_half(stages[last], whole)):
        del stages[last]
    existing = YAML(typ="safe").load(lock.with_name("dvc.yaml"))["stages"]
    lost = [name for name in kept["stages"] if name not in stages]
    if not any(name.partition("@")[0] in existing for name in lost):
        return
    order = [name for name in kept["stages"] if name.partition("@")[0] in existing] + list(stages)
    text = dumps_yaml({**kept, "stages": {name: (kept["stages"] | stages)[name] for name in order}})
    files.replace(lock, lambda part: part.write_text(text, encoding="utf-8"))
    say(f"{lock} had lost the records of {len(lost)} stages by an interruption: they are back")


def is_half(value: object, whole: object) -> bool:
    """Whether a record, or a value in it, is another one or what a cut at a line's end left."""
    if isinstance(value, dict) and isinstance(whole, dict):
        return all(key in whole and is_half(value[key], whole[key]) for key in value)
    if isinstance(value, list) and isinstance(whole, list):
        pairs = zip(value, whole, strict=False)
        return len(value) <= len(whole) and all(is_half(*pair) for pair in pairs)
    return value is None or value == whole
