"""Errors of the user: the first missing file is named, and a process prints one line."""

import subprocess
import sys

import pytest

from pipeline.system.errors import UserError, require_files
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
