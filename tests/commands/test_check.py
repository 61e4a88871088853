"""Every file of a run is hashed again: damage is named with the way out, and made good."""

import hashlib
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from commands.main import app
from pipeline import paths
from pipeline.data import tables
from tests.commands.toy import Toy


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run."""
    toy = Toy(tmp_path_factory.mktemp("toy"), stages=2, code=1).make()
    process = toy.start()
    output = process.communicate()[0]
    assert process.returncode == 0, output
    return toy


@pytest.fixture
def toy(finished, tmp_path, monkeypatch):
    """A copy of it in the current folder, with links as in the original."""
    shutil.copytree(finished.root, tmp_path / "toy", ignore=shutil.ignore_patterns("work"))
    monkeypatch.chdir(tmp_path / "toy")
    Path("data/work").mkdir(parents=True)
    for name in finished.expected():
        copy = find_copy((finished.root / "data/work" / name).read_bytes())
        os.link(copy, f"data/work/{name}")
    return Toy(tmp_path / "toy", finished.stages, finished.code)


def find_copy(content: bytes) -> Path:
    """DVC's copy of an output."""
    digest = hashlib.md5(content).hexdigest()
    return Path(".dvc/cache/files/md5", digest[:2], digest[2:])


def damage(path: Path) -> None:
    """Turn one bit, as a bad disk does: size, time and rights stay as they are."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(before.st_mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def check(*options: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(app, ["check", *options])
    return done.exit_code, done.output.splitlines()


def test_a_whole_run_is_whole(toy):
    assert check() == (0, ["7 files are as they were written, 0 are not"])


@pytest.mark.fault(
    "interruptions",
    "one bit of DVC's copy of an output turned, which DVC links without a word",
    "`tailprint check` names copy and output, --remove and a run give the right bytes",
)
def test_a_turned_bit_is_named_and_made_good(toy):
    out = Path("data/work/0.csv")
    copy = find_copy(out.read_bytes())
    damage(copy)
    code, lines = check()
    assert code == 1 and lines[0] == "5 files are as they were written, 2 are not"
    assert lines[1:3] == [
        f"  {out}: an output of step0",
        f"  {copy}: DVC's copy of an output of step0",
    ]
    assert "tailprint check --remove, then tailprint run, makes the outputs again" in lines[3]
    assert lines[3].endswith("dvc repro --force --downstream step0 repeats them")
    assert check("--remove")[1][-1] == "removed 2 files: tailprint run makes them again"
    process = toy.start()
    output = process.communicate()[0]
    assert process.returncode == 0, output
    assert toy.results() == toy.expected()
    assert check()[0] == 0


def test_missing_files_are_counted_only(toy):
    shutil.rmtree("data/work")
    line = "4 files are not there: tailprint run makes or restores them"
    assert check() == (0, ["3 files are as they were written, 0 are not", line])


def test_a_photograph_that_changed_is_named_and_kept(toy):
    photograph = Path("a.jpg")
    photograph.write_bytes(b"photograph")
    row = dict.fromkeys(tables.COLUMNS["images"], 1)
    row |= {"path": "a.jpg", "sha256": hashlib.sha256(b"photograph").hexdigest()}
    tables.write("images", pd.DataFrame([row]), paths.IMAGES)
    assert check()[0] == 0
    damage(photograph)
    code, lines = check("--remove")
    assert "a.jpg: a photograph that has changed since; restore it from your own copy" in lines[1]
    assert photograph.exists() and code == 0


@pytest.mark.fault(
    "interruptions",
    "`tailprint check` of a project whose dvc.lock is cut",
    "one line with the way out",
)
def test_a_cut_lock_is_refused(toy):
    toy.lock.write_text("stages: [")
    line = "dvc.lock is not whole: tailprint run puts the last whole one back"
    assert check() == (1, [line])
