"""Settings that differ from those of the run: its answers would be wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commands import lockfile
from pipeline import paths
from pipeline.params import Params, load_settings
from pipeline.system.errors import OTHER_SETTINGS, UserError

FILE = "params.yaml"
LISTED = 3  # changed keys in the message
# whose results a new photograph is compared with, or extracted like
COMPARED = {"crop", "folds", "train", "embed", "neighbours", "keypoints", "match", "weigh"}
VERIFIED = COMPARED | {"verify"}


def check_settings(stages: set[str], p: Params) -> None:
    """Raise UserError if these stages, as dvc.lock records them, ran with other values.

    Of the stages that are run per member, those of match.backbone count: dvc.lock keeps the records
    of members that params.yaml no longer has. So are keys that only one of the two has left out:
    the program may be newer than the run.
    """
    members = {paths.member_name(p.match.backbone, fold) for fold in p.folds.trained}
    names = stages | {f"{stage}@{member}" for stage in stages for member in members}
    lock = Path(lockfile.LOCK)
    record = lockfile.load(lock) if lock.is_file() else None
    now = load_settings(Path(FILE))
    found = dict(list_changes(record or {}, names, now))
    if found:
        changes = [f"{key} is {new!r}, was {old!r}" for key, (new, old) in found.items()]
        more = f" and {len(changes) - LISTED} more" if len(changes) > LISTED else ""
        raise UserError(f"{'; '.join(changes[:LISTED])}{more}: {OTHER_SETTINGS}")


def list_changes(
    record: dict[str, Any], names: set[str], now: dict[str, Any]
) -> Iterator[tuple[str, tuple[object, object]]]:
    """Each key whose value differs, with its value now and that of the record."""
    for name, stage in (record.get("stages") or {}).items():
        if name in names:
            for key, old in ((stage.get("params") or {}).get(FILE) or {}).items():
                yield from compare(key, find(now, key), old)


def find(settings: dict[str, Any], key: str) -> object:
    """The value of "a.b.c" in nested settings; None without one."""
    value: object = settings
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def compare(key: str, new: object, old: object) -> Iterator[tuple[str, tuple[object, object]]]:
    """The leaves below a key that both have and that differ."""
    if isinstance(new, dict) and isinstance(old, dict):
        for part in old:
            if part in new:
                yield from compare(f"{key}.{part}", new[part], old[part])
    elif new is not None and new != old:
        yield key, (new, old)
