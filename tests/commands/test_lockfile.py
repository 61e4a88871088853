"""dvc.lock is put back when it was cut anywhere, and left alone when the user changed it."""

import subprocess
from pathlib import Path

import pytest
from dvc.utils.serialize import dumps_yaml

from commands import lockfile
from pipeline.system.errors import UserError

LOCK = Path("dvc.lock")
STAGES = ["first", "second", "train@a-0", "last"]
CUTS = 40  # positions that every run of the tests tries


def record(name: str, digest: str = "0123456789abcdef0123456789abcdef") -> dict:
    file = {"hash": "md5", "md5": digest, "size": 12}
    return {
        "cmd": f"python -m stages.{name}",
        "deps": [{"path": f"data/{name}.in", **file}],
        "params": {"params.yaml": {name: {"rounds": 3, "mirror": True}}},
        "outs": [{"path": f"data/{name}.out", **file}, {"path": f"data/{name}.png", **file}],
    }


def render(stages: dict) -> str:
    return dumps_yaml({"schema": "2.0", "stages": stages})


WHOLE = render({name: record(name) for name in STAGES})


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A project whose whole lock has been kept."""
    monkeypatch.chdir(tmp_path)
    names = [name.partition("@")[0] for name in STAGES]
    Path("dvc.yaml").write_text(dumps_yaml({"stages": {name: {"cmd": name} for name in names}}))
    LOCK.write_text(WHOLE)
    lockfile.mend(LOCK)


def check_cut(position: int) -> None:
    LOCK.write_text(WHOLE[:position])
    lockfile.mend(LOCK)
    assert lockfile.load(LOCK) == lockfile.load(lockfile.find_copy(LOCK))
    assert LOCK.read_text() == WHOLE, f"cut at {position}"


@pytest.mark.fault(
    "interruptions",
    "dvc.lock cut anywhere: a kill while DVC writes over it",
    "the last whole lock is put back",
)
@pytest.mark.parametrize("position", range(0, len(WHOLE) - 1, len(WHOLE) // CUTS))
def test_a_cut_lock_is_put_back(position):
    check_cut(position)


@pytest.mark.slow
@pytest.mark.fault(
    "interruptions",
    "dvc.lock cut at every seventh byte",
    "the last whole lock is put back",
)
def test_a_lock_that_is_cut_at_any_byte_is_put_back():
    for position in range(0, len(WHOLE) - 1, 7):
        check_cut(position)


def test_what_was_put_back_is_said_in_one_line(capsys):
    LOCK.write_text("")
    lockfile.mend(LOCK)
    line = "dvc.lock was cut by an interruption: its last whole copy is back\n"
    assert capsys.readouterr().err == line
    LOCK.write_text(render({name: record(name) for name in STAGES[:2]}))
    lockfile.mend(LOCK)
    line = "dvc.lock had lost the records of 2 stages by an interruption: they are back\n"
    assert capsys.readouterr().err == line
    lockfile.mend(LOCK)
    assert capsys.readouterr().err == ""


def test_newer_records_before_the_cut_are_kept():
    newer = record("first", "f" * 32)
    half = {"cmd": record("second")["cmd"]}
    LOCK.write_text(render({"first": newer, "second": half}))
    lockfile.mend(LOCK)
    stages = lockfile.load(LOCK)["stages"]
    assert list(stages) == STAGES and stages["first"] == newer
    assert stages["second"] == record("second")


def test_stages_that_no_longer_exist_are_not_added():
    Path("dvc.yaml").write_text("stages:\n  first:\n    cmd: a\n  second:\n    cmd: b\n")
    text = render({name: record(name) for name in STAGES[:2]})
    LOCK.write_text(text)
    lockfile.mend(LOCK)
    assert LOCK.read_text() == text


def test_a_lock_that_was_removed_stays_removed():
    LOCK.unlink()
    lockfile.mend(LOCK)
    assert not LOCK.exists()


def commit() -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "dvc.lock"], [*author, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], check=True)


def test_a_committed_lock_is_what_the_user_wants():
    text = render({"first": record("first")})
    LOCK.write_text(text)
    commit()
    lockfile.mend(LOCK)
    assert LOCK.read_text() == text


def test_without_a_copy_the_last_commits_lock_is_put_back(capsys):
    lockfile.find_copy(LOCK).unlink()
    commit()
    LOCK.write_text("")
    lockfile.mend(LOCK)
    assert LOCK.read_text() == WHOLE
    assert "the last commit's is back" in capsys.readouterr().err


def test_without_a_copy_and_a_commit_the_run_cache_is_left(capsys):
    lockfile.find_copy(LOCK).unlink()
    LOCK.write_text("")
    lockfile.mend(LOCK)
    assert not LOCK.exists() and "is written anew from DVC's run cache" in capsys.readouterr().err


@pytest.mark.fault(
    "interruptions",
    "dvc.lock with the marks of a merge that is not resolved",
    "one line with the commands that resolve it; nothing is overwritten",
)
def test_an_unresolved_merge_is_the_users():
    text = f"<<<<<<< HEAD\n{WHOLE}=======\n{WHOLE}>>>>>>> other\n"
    LOCK.write_text(text)
    with pytest.raises(UserError, match="git checkout --ours dvc.lock"):
        lockfile.mend(LOCK)
    assert LOCK.read_text() == text
