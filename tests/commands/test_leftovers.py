"""What a killed run leaves is removed; what a living process owns stays."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands import leftovers
from commands.leftovers import RWLOCK

CACHE = Path(".dvc/cache/runs")


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(leftovers, "SAVING", 0)
    Path(".dvc/tmp").mkdir(parents=True)
    Path(".dvc/config").touch()


@pytest.fixture
def living():
    """A process that works elsewhere, as another terminal's DVC does."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process.pid
    process.kill()
    process.wait()


@pytest.fixture
def dead():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def write_rwlock(pid: int) -> None:
    owner = {"pid": pid, "cmd": "/usr/bin/dvc repro"}
    RWLOCK.write_text(json.dumps({"write": {"a.csv": owner}, "read": {"b.csv": [owner]}}))


def test_a_living_dvc_keeps_its_locks(living):
    write_rwlock(living)
    assert leftovers.find_others() == {living: "/usr/bin/dvc repro"}
    leftovers.clear()
    assert RWLOCK.is_file()


@pytest.mark.fault(
    "interruptions",
    "DVC's own lock of a process that was killed, also if its number was given again",
    "it is removed, and the next run begins",
)
def test_a_dead_process_holds_nothing(dead):
    write_rwlock(dead)
    leftovers.clear()
    assert not RWLOCK.exists()


def test_a_number_that_was_given_again_holds_nothing(living):
    write_rwlock(living)
    os.utime(RWLOCK, (1e9, 1e9))
    leftovers.clear()
    assert not RWLOCK.exists()


@pytest.mark.fault(
    "interruptions",
    "DVC's own list of locks cut by a kill or a full disk",
    "it is removed, and the next run begins",
)
@pytest.mark.parametrize("text", ["", '{"write": {"a.csv": {"pi', "[]", '{"write": {"a": 1}}'])
def test_a_cut_list_of_locks_is_removed(text):
    RWLOCK.write_text(text)
    leftovers.clear()
    assert not RWLOCK.exists()


def test_only_the_half_written_files_of_the_dead_are_removed(living, dead):
    old, new = (Path(f"data/work/embed/.part-{pid}-a.npz") for pid in (dead, living))
    old.parent.mkdir(parents=True)
    old.touch()
    new.touch()
    Path(".part-notes").touch()
    link = old.with_name(".Dl8KzNgJXjRMeJ_WLBVmKg.tmp")  # DVC's own
    link.touch()
    leftovers.clear()
    assert not old.exists() and new.exists() and Path(".part-notes").exists()
    assert not link.exists()


@pytest.mark.fault(
    "interruptions",
    "a kill while DVC saves a record of its run cache: an empty folder, half a record",
    "they are removed: DVC fails at the one for ever, and takes the other for whole",
)
def test_half_saved_records_are_removed():
    whole, half, empty = CACHE / "ab/abcd" / ("0" * 64), CACHE / "cd/cdef/.tmp", CACHE / "ef/ef01"
    for folder in (whole.parent, half.parent, empty):
        folder.mkdir(parents=True)
    whole.touch()
    half.touch()
    leftovers.clear()
    assert whole.exists() and not half.parent.exists() and not empty.exists()


def test_waiting_ends_with_the_other(living, capsys, monkeypatch):
    write_rwlock(living)
    monkeypatch.setattr(leftovers.time, "sleep", lambda seconds: RWLOCK.unlink())
    assert leftovers.wait_for_others()
    line = f"`dvc repro` (process {living}) is at work in this project: waiting for it\n"
    assert capsys.readouterr().err == line
    assert not leftovers.wait_for_others()
