"""A base is checked out and removed again; a side runs its own code with its own settings."""

import subprocess

import pytest
from ruamel.yaml import YAML

from benchmarks.bench.sides import check_out, make_side, merge
from benchmarks.bench.usage import RunFailed
from pipeline.system.errors import UserError

PRINTS_WORD = "import sys\nfrom pipeline.word import WORD\nprint(WORD, *sys.argv[1:])\n"


def git(folder, *arguments: str) -> str:
    name = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", folder, *name, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A repository with two commits of one file."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    for text in ("old", "new"):
        (folder / "file.txt").write_text(text)
        git(folder, "add", "file.txt")
        git(folder, "commit", "-q", "-m", text)
    return folder


def test_a_base_is_checked_out_and_removed(repository, tmp_path):
    with check_out("HEAD~1", repository, tmp_path / "tree") as tree:
        assert (tree / "file.txt").read_text() == "old"
    assert not tree.exists() and len(git(repository, "worktree", "list").splitlines()) == 1


def test_a_base_is_removed_after_an_error(repository, tmp_path):
    with pytest.raises(KeyError), check_out("HEAD~1", repository, tmp_path / "tree") as tree:
        raise KeyError
    assert not tree.exists() and len(git(repository, "worktree", "list").splitlines()) == 1


@pytest.mark.parametrize("commit", ["nothing", "--force"])
def test_a_base_that_is_not_there_is_a_user_error(commit, repository, tmp_path):
    with (
        pytest.raises(UserError, match="there is no base"),
        check_out(commit, repository, tmp_path / "tree"),
    ):
        pass
    assert not (tmp_path / "tree").exists()


@pytest.fixture
def code(tmp_path):
    """A tree with one stage, which prints its module's text and its argument."""
    files = {
        "pipeline/word.py": "WORD = 'own code'\n",
        "stages/labels.py": PRINTS_WORD,
        "stages/crop.py": "raise SystemExit('no photographs')\n",
        "commands/__init__.py": "",
        "benchmarks/__init__.py": "",
        "data/review.csv": "image_a\n",
        "data/pseudo.csv": "image\n",
        "params.yaml": "demo: {seed: 0, test_images: 400}\nfolds: {count: 3}\n",
    }
    for name, text in files.items():
        (tmp_path / "code" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "code" / name).write_text(text)
    return tmp_path / "code"


def test_a_side_runs_its_own_code_with_its_own_settings(code, tmp_path):
    changes = {"demo": {"test_images": 20}, "later": {"key": 1}}
    side = make_side("base", "abc", code, tmp_path / "projects/base", changes)
    usage = side.run_stage("labels", "lite0")
    assert usage.output == "own code lite0\n" and usage.cpu > 0 and usage.wall > 0
    settings = YAML(typ="safe").load(side.project / "params.yaml")
    assert settings == {"demo": {"seed": 0, "test_images": 20}, "folds": {"count": 3}}
    assert (code / "params.yaml").read_text().startswith("demo: {seed: 0, test_images: 400}")


def test_a_stage_that_fails_says_why(code, tmp_path):
    side = make_side("base", "abc", code, tmp_path / "projects/base", {})
    with pytest.raises(RunFailed, match="exit code 1: no photographs"):
        side.run_stage("crop")


def test_a_stage_has_the_word_of_its_side(code, tmp_path):
    side = make_side("base", "abc", code, tmp_path / "projects/base", {})
    assert [side.word_of(stage) for stage in ("score", "report", "crop")] == [
        *("score", "report", "crop")
    ]
    (code / "stages/page.py").write_text("")
    assert [side.word_of(stage) for stage in ("score", "report", "crop")] == [
        *("report", "page", "crop")
    ]


def test_changes_of_what_a_side_does_not_know_are_left_out():
    assert merge({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "d": 4}, "e": 5}) == {
        "a": {"b": 3, "c": 2}
    }
