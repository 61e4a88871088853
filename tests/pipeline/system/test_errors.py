"""Errors of the user: the first missing file is named, and a process prints one line."""

import re
import subprocess
import sys

import pytest

from pipeline.system.errors import FULL, UserError, explain, require_files
from tests.conftest import ROOT


def test_the_first_missing_file_is_named_with_the_remedy(tmp_path):
    present, missing = tmp_path / "a.csv", tmp_path / "b.csv"
    present.touch()
    require_files([present])
    with pytest.raises(UserError, match=r"b.csv does not exist: run the pipeline first"):
        require_files([present, missing])
    with pytest.raises(UserError, match=r"b.csv does not exist: run dvc repro crop"):
        require_files([missing], "run dvc repro crop")


@pytest.mark.parametrize(("kind", "is_line"), [("errors.UserError", True), ("ValueError", False)])
def test_a_process_ends_with_the_message_of_a_user_error_only(kind, is_line):
    code = f"from pipeline.system import errors\nerrors.print_user_errors()\nraise {kind}('no')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.endswith("no\n")
    assert (len(done.stderr.splitlines()) == 1) == is_line


@pytest.mark.fault(
    "interruptions",
    "a full disk or a project that may not be written to, met anywhere",
    "one plain line with the way out",
)
@pytest.mark.parametrize(
    ("raised", "line"),
    [
        ("OSError(28, 'No space', 'a.csv')", r"no space is left on the disk \(a.csv\): make room"),
        ("RuntimeError('unable to allocate shared memory(shm)')", r"the shared memory .* is full"),
        ("RuntimeError('database or disk is full')", "no space is left on the disk: make room"),
        (
            "PermissionError(13, 'Permission denied', 'a')",
            r"Permission denied \(a\): the project m",
        ),
        ("OSError(30, 'Read-only file system', 'a')", r"Read-only file system \(a\): the project"),
    ],
)
def test_a_process_ends_with_the_way_out_of_a_disks_fault(raised, line):
    code = f"from pipeline.system import errors\nerrors.print_user_errors()\nraise {raised}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert re.match(line, done.stderr)


def test_a_full_disk_is_found_below_the_error_of_a_library():
    try:
        try:
            raise OSError(28, "No space left on device", "x.bin")
        except OSError as error:
            raise RuntimeError("could not save the model") from error
    except RuntimeError as error:
        assert explain(error) == FULL.format(" (x.bin)")
    assert explain(KeyError("a")) is None
