"""The runner of views makes views with this checkout's code."""

import sys
from pathlib import Path

import pytest

from benchmarks.bench import views
from benchmarks.bench.bench import ROOT
from benchmarks.bench.sides import make_side
from benchmarks.bench.usage import RunFailed, run


def test_the_runner_takes_the_former_module_and_no_installed_one(tmp_path):
    """Python would look for a module that a base lacks in an installed checkout."""
    files = {
        "params.py": "load = lambda: settings\nclass settings:\n    train = None\n",
        "dataset.py": "raise SystemExit('the former module')\n",
    }
    (tmp_path / "pipeline").mkdir()
    for name, text in files.items():
        (tmp_path / "pipeline" / name).write_text(text)
    with pytest.raises(RunFailed, match="exit code 1: the former module"):
        run([sys.executable, str(Path(views.__file__)), "32", "64", "10"], tmp_path)


def test_views_are_counted(tmp_path):
    side = make_side("here", "abc", ROOT, tmp_path / "projects/here", {})
    command = [sys.executable, str(Path(views.__file__)), "32", "64", "10"]
    assert float(run(command, side.project).output) > 0
