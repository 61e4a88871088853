"""A clone is complete, or does not exist."""

import subprocess
from pathlib import Path

import pytest

from pipeline.system import clones
from pipeline.system.errors import UserError


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A repository with one committed file that was edited afterwards."""
    monkeypatch.chdir(tmp_path)
    Path("file.txt").write_text("committed")
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], check=True)
    Path("file.txt").write_text("edited")


def test_the_last_commit_is_cloned_and_prepared():
    clones.clone(Path("out/a"), lambda part: (part / "new.txt").write_text("new"))
    assert Path("out/a/file.txt").read_text() == "committed"
    assert Path("out/a/new.txt").is_file()


def test_a_failed_preparation_leaves_no_clone_and_can_be_repeated():
    def fail(part: Path) -> None:
        (part / "half.txt").write_text("half")
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        clones.clone(Path("out/a"), fail)
    assert not Path("out/a").exists()
    clones.clone(Path("out/a"), lambda part: None)
    assert not Path("out/a/half.txt").exists()


@pytest.mark.fault(
    "interruptions",
    "a study in a project that was downloaded as a ZIP file, without git",
    "one line: a clone needs git and a commit",
)
def test_without_a_repository_the_message_says_what_is_missing(tmp_path, monkeypatch, capfd):
    (tmp_path / ".git").rename(tmp_path / "git")
    with pytest.raises(UserError, match="a clone of the project needs git and a commit"):
        clones.clone(Path("out/a"), lambda part: None)
