"""A stage gets the words of its command line, and Python's collector works while it runs."""

import gc
import subprocess
import sys

import pytest

from pipeline.system import start
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def same_collector():
    yield
    gc.unfreeze()
    gc.enable()


def test_the_collector_rests_during_imports_and_works_in_the_stage(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["stages/embed.py", "lite0", "2"])
    start.begin_imports()
    assert not gc.isenabled()
    found = []
    start.run(lambda *words: found.append((words, gc.isenabled(), gc.get_freeze_count() > 0)))
    assert found == [(("lite0", "2"), True, True)]


def test_only_a_stage_itself_lets_the_collector_rest():
    code = "import gc, stages.labels; print(gc.isenabled())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "stages").glob("[a-z]*.py")), ids=lambda p: p.stem)
def test_every_stage_is_started_so(path):
    assert path.read_text().endswith('if __name__ == "__main__":\n    run(main)\n')
