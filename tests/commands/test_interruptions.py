"""A run may be interrupted at any moment: nothing survives it, and the same command goes on."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.toy import SIGNALS, Toy, wait_until
from tests.conftest import ROOT

GOES_ON = "the same command goes on from here"
KILLS = 10  # of one slow test; there are four


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return Toy(tmp_path_factory.mktemp("toy"), stages=4).make()


def read_until(process: subprocess.Popen, text: str) -> str:
    """The run's output until a line has this text."""
    output = ""
    for line in process.stdout:
        output += line
        if text in line:
            break
    return output


def kill(process: subprocess.Popen, number: int, whole_group: bool) -> str:
    """Send a signal to a run, or to its group as Ctrl-C does; returns the rest of its output."""
    (os.killpg if whole_group else os.kill)(process.pid, number)
    return process.communicate()[0]


@pytest.mark.fault(
    "interruptions",
    "a few kills of a running project: SIGKILL, SIGTERM and Ctrl-C, group and parent alone",
    "no process survives; the same command ends in the same bytes; one line, code 130 at Ctrl-C",
)
def test_the_same_command_goes_on_after_every_signal(toy):
    kills = [(signal.SIGKILL, False), (signal.SIGTERM, False), (signal.SIGINT, True)]
    for step, (number, whole_group) in enumerate(kills):
        process = toy.start()
        read_until(process, f"Running stage 'step{step}'")
        rest = kill(process, number, whole_group)
        assert wait_until(lambda: not toy.survivors()), toy.survivors()
        assert "Traceback" not in rest
        if number == signal.SIGKILL:
            assert process.returncode == -number
        else:
            assert process.returncode == 128 + number
            assert rest.splitlines()[-1].endswith(GOES_ON) and rest.count(GOES_ON) == 1
    cut(toy.lock, 0.7)
    process = toy.start()
    output = process.communicate()[0]
    assert process.returncode == 0, output
    assert "dvc.lock" in output and "back" in output
    assert toy.results() == toy.expected()


def cut(path, fraction):
    text = path.read_text()
    path.write_text(text[: int(len(text) * fraction)])


@pytest.mark.slow
@pytest.mark.fault(
    "interruptions",
    "40 kills at random moments and while dvc.lock is written: SIGKILL, SIGTERM, Ctrl-C",
    "no process survives; the same command ends in the same bytes, with no step by hand",
)
@pytest.mark.parametrize("seed", range(4))
def test_the_same_command_goes_on_after_many_kills(tmp_path, seed):
    """The lock is as large as the real one's."""
    toy, rng, kills = Toy(tmp_path, stages=12, code=100).make(), random.Random(seed), 0
    while kills < KILLS:
        process = toy.start()
        if aim_at_lock := kills % 2 == 0:
            read_until(process, rng.choice(["Updating lock", "Running stage"]))
        time.sleep(rng.uniform(0, 0.4 if aim_at_lock else 5))
        if process.poll() is None:
            rest = kill(process, SIGNALS[kills % 3], kills // 3 % 2)
            kills += 1
            assert "Traceback" not in rest
            assert wait_until(lambda: not toy.survivors()), toy.survivors()
        else:
            check_finished(toy, process)
            start_over(toy)
    check_finished(toy, toy.start())


def check_finished(toy: Toy, process: subprocess.Popen) -> None:
    output = process.communicate()[0]
    assert process.returncode == 0, output
    assert toy.results() == toy.expected()


def start_over(toy: Toy) -> None:
    for name in ("data/work", ".dvc/cache", ".dvc/tmp"):
        shutil.rmtree(toy.root / name)
    toy.lock.unlink()


@pytest.mark.fault(
    "interruptions",
    "the same command started twice in one folder",
    "the second says in one line that it waits, and both succeed",
)
def test_a_second_run_waits_and_says_so(tmp_path):
    toy = Toy(tmp_path, stages=2, code=1).make()
    first = toy.start()
    assert wait_until((tmp_path / ".dvc/tmp/tailprint.lock").exists)
    second = toy.start()
    output = [process.communicate()[0] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], output
    assert output[1].splitlines()[0].endswith("is at work in this project: waiting until it ends")
    assert "Running stage" not in output[1]
    assert toy.results() == toy.expected()


@pytest.mark.fault(
    "interruptions",
    "a project that was downloaded as a ZIP file, without git's folder",
    "a run works without git, says so in one line, and uses git again once there is a repository",
)
def test_a_project_without_git_runs(tmp_path):
    toy = Toy(tmp_path, stages=1, code=1).make()
    (tmp_path / ".git").rename(tmp_path / "git")
    process = toy.start()
    output = process.communicate()[0]
    assert process.returncode == 0, output
    assert output.count("there is no repository of git here") == 1
    (tmp_path / "git").rename(tmp_path / ".git")
    check_finished(toy, toy.start())
    assert "no_scm" not in (tmp_path / ".dvc/config.local").read_text()


@pytest.mark.fault(
    "interruptions",
    "Ctrl-C while a command starts, at five moments",
    "one line that says how to go on, no traceback, exit code 130",
)
@pytest.mark.parametrize("seconds", [0, 0.3, 0.6, 1.1, 1.8])
def test_ctrl_c_of_a_command_is_one_line(seconds, tmp_path):
    """`demo` draws for minutes, in several processes."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "commands", "demo"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )
    assert wait_until(lambda: catches(process.pid, signal.SIGTERM))
    time.sleep(seconds)
    rest = kill(process, signal.SIGINT, True)
    assert process.returncode == 130, rest
    lines = [line for line in rest.splitlines() if line and "photographs:" not in line]
    assert lines == [f"interrupted: {GOES_ON}"]


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler of a signal: the program's own code has begun."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)
