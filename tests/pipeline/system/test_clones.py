"""A clone is there whole, or not at all."""

import subprocess
from pathlib import Path

import pytest

from pipeline.system import clones


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A repository of one committed file, and one that is not."""
    monkeypatch.chdir(tmp_path)
    Path("kept.txt").write_text("committed")
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], check=True)
    Path("kept.txt").write_text("edited")


def test_the_last_commit_prepared():
    clones.clone(Path("out/a"), lambda part: (part / "new.txt").write_text("new"))
    assert Path("out/a/kept.txt").read_text() == "committed"
    assert Path("out/a/new.txt").is_file()


def test_what_could_not_be_prepared_is_not_there_and_done_anew():
    def fails(part: Path) -> None:
        (part / "half.txt").write_text("half")
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        clones.clone(Path("out/a"), fails)
    assert not Path("out/a").exists()
    clones.clone(Path("out/a"), lambda part: None)
    assert not Path("out/a/half.txt").exists()
