"""Committed files, edits of them, new files, and no repository at all."""

import subprocess
from pathlib import Path

import pytest

from pipeline.system.git import has_repository, is_committed, read_committed


@pytest.fixture
def file(tmp_path) -> Path:
    """A committed file of a repository."""
    path = tmp_path / "params.yaml"
    path.write_text("a: 1\n")
    author = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return path


def test_a_committed_file_is_committed(file):
    assert is_committed(file)


def test_an_edited_file_is_not_committed(file):
    file.write_text("a: 2\n")
    assert not is_committed(file)


def test_an_untracked_file_is_not_committed(file):
    other = file.with_name("other.yaml")
    other.write_text("a: 1\n")
    assert not is_committed(other)


def test_outside_of_a_repository_no_file_is_committed(tmp_path):
    (tmp_path / "params.yaml").write_text("a: 1\n")
    assert not is_committed(tmp_path / "params.yaml")


def test_the_last_commits_bytes_are_read(file, tmp_path):
    file.write_text("a: 2\n")
    assert read_committed(file) == b"a: 1\n"
    assert read_committed(file.with_name("other.yaml")) is None


def test_a_folder_below_a_repository_has_one(file, tmp_path):
    (tmp_path / "below").mkdir()
    assert has_repository(tmp_path) and has_repository(tmp_path / "below")
    assert not has_repository(Path("/"))
