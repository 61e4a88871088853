"""Committed files, edits of them, new files, and no repository at all."""

import subprocess
from pathlib import Path

import pytest

from pipeline.system.git import is_committed


@pytest.fixture
def file(tmp_path) -> Path:
    """A committed file of a repository."""
    path = tmp_path / "params.yaml"
    path.write_text("a: 1\n")
    author = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return path


def test_a_committed_file(file):
    assert is_committed(file)


def test_an_edited_file(file):
    file.write_text("a: 2\n")
    assert not is_committed(file)


def test_a_file_that_git_does_not_know(file):
    other = file.with_name("other.yaml")
    other.write_text("a: 1\n")
    assert not is_committed(other)


def test_a_folder_that_is_no_repository(tmp_path):
    (tmp_path / "params.yaml").write_text("a: 1\n")
    assert not is_committed(tmp_path / "params.yaml")
