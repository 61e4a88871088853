"""The runner of views makes views with this checkout's code."""

import sys
from pathlib import Path

from benchmarks.bench import views
from benchmarks.bench.bench import ROOT
from benchmarks.bench.sides import make_side
from benchmarks.bench.usage import run


def test_views_are_counted(tmp_path):
    side = make_side("here", "abc", ROOT, tmp_path / "projects/here", {})
    command = [sys.executable, str(Path(views.__file__)), "32", "64", "10"]
    assert float(run(command, side.project).output) > 0
