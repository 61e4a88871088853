"""Processes that train together: if one ends, all do, and the message says which and why."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipeline.system import ranks
from pipeline.system.errors import UserError
from tests.conftest import ROOT

# finds the other process, then ends as the argument says, while the other waits for it
TOGETHER = """
import os, signal, sys, torch
from pipeline.system import interruptions, ranks
from pipeline.system.errors import UserError
interruptions.end_with_parent()
ranks.connect()
number = torch.tensor([ranks.own_rank().number])
torch.distributed.all_reduce(number)
assert number == 1
if ranks.own_rank().number == 1:
    exec(sys.argv[1])
torch.distributed.all_reduce(number)
"""
# waits for nothing but its end
ALONE = """
import os, sys, time
from pathlib import Path
from pipeline.system import interruptions, ranks
interruptions.end_with_parent()
Path(sys.argv[2], str(os.getpid())).touch()
exec(sys.argv[1])
time.sleep(600)
"""
PARENT = """
import sys
from pipeline.system import ranks
ranks.run_all([sys.executable, *sys.argv[1:]], 2)
"""
FIRST = "if not ranks.own_rank().number: "


@pytest.fixture(autouse=True)
def cpu(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def run_together(end: str) -> None:
    ranks.run_all([sys.executable, "-c", TOGETHER, end], 2)


def run_alone(end: str, folder: Path) -> None:
    ranks.run_all([sys.executable, "-c", ALONE, end, str(folder)], 2)


def living(folder: Path) -> list[psutil.Process]:
    """The processes of ALONE that are at work."""
    numbers = [int(path.name) for path in folder.iterdir()]
    return [psutil.Process(number) for number in numbers if psutil.pid_exists(number)]


@pytest.mark.fault(
    "interruptions",
    "one of the processes that train a member on several devices killed with -9",
    "the others end, and the message names the process and the signal",
)
def test_a_process_that_is_killed_ends_the_others():
    """The other's words, that the connection was lost, are not the message."""
    with pytest.raises(UserError, match="process 2 of 2 was ended by SIGKILL, as .* memory") as e:
        run_together("os.kill(os.getpid(), signal.SIGKILL)")
    assert "onnection" not in str(e.value)


@pytest.mark.fault(
    "interruptions",
    "one of the processes that train a member on several devices fails",
    "the others end, and its own words are the message",
)
def test_the_words_of_a_process_that_fails_are_the_message(capfd):
    with pytest.raises(UserError) as error:
        run_together("raise UserError('the loss is NaN')")
    assert str(error.value) == "the loss is NaN"
    assert capfd.readouterr().err == ""


def test_the_first_process_may_be_the_one_that_is_killed(tmp_path):
    with pytest.raises(UserError, match="process 1 of 2 was ended by SIGKILL"):
        run_alone(FIRST + "os.kill(os.getpid(), 9)", tmp_path)
    assert not living(tmp_path)


def test_an_unexpected_error_is_the_message_with_its_place(tmp_path):
    end = "sys.excepthook = ranks.report_error\n" + FIRST + "1 / 0"
    with pytest.raises(UserError, match=r"(?s)^Traceback .*line 2, in .*ZeroDivisionError: div"):
        run_alone(end, tmp_path)
    assert not living(tmp_path)


def test_before_they_are_connected_the_last_lines_of_a_process_are_the_message(tmp_path):
    end = "print('a\\nb', flush=True)\nif ranks.own_rank().number: sys.exit(3)"
    with pytest.raises(UserError, match=r"(?s)^a\nb\nprocess 2 of 2 ended with code 3; the others"):
        run_alone(end, tmp_path)


def test_all_that_end_well_are_no_failure_and_the_first_alone_prints(tmp_path, capfd):
    run_alone("print(ranks.own_rank().number, ranks.own_rank().count); sys.exit()", tmp_path)
    assert capfd.readouterr().out == "0 2\n"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="a kernel's signal at the parent's end")
def test_if_the_process_that_has_started_them_is_killed_they_end(tmp_path):
    command = [sys.executable, "-c", PARENT, "-c", ALONE, "pass", str(tmp_path)]
    with subprocess.Popen(command) as parent:
        try:
            while len(list(tmp_path.iterdir())) < 2 and parent.poll() is None:
                time.sleep(0.05)
            processes = living(tmp_path)
        finally:
            parent.kill()
    assert len(processes) == 2
    assert not psutil.wait_procs(processes, timeout=60)[1]


@pytest.mark.parametrize("codes, failure, expected", [
    ([0, 1], "the loss is NaN", "the loss is NaN"),
    ([1, 1], "the loss is NaN", "the loss is NaN"),
    ([1, None], "", "process 1 of 2 ended with code 1"),
    ([1, -9], "connection closed", "process 2 of 2 was ended by SIGKILL, as the system does"),
    ([-11, 1], "connection closed", "process 1 of 2 was ended by SIGSEGV;"),
    ([-6, 1], "the loss is NaN", "the loss is NaN"),  # NCCL gave up without the second
    ([-6, None], "", "process 1 of 2 was ended by SIGABRT"),
])  # fmt: skip
def test_which_process_failed_first(codes, failure, expected, tmp_path):
    if failure:
        (tmp_path / "failure").write_text(failure)
    assert ranks.explain_end(codes, tmp_path).startswith(expected)


def test_one_device_needs_no_other_process(monkeypatch):
    monkeypatch.delenv(ranks.RANK, raising=False)
    assert ranks.delegate("stages.absent", [], 1) is False


def test_several_devices_are_left_to_as_many_processes(monkeypatch):
    monkeypatch.delenv(ranks.RANK, raising=False)
    runs = []
    monkeypatch.setattr(ranks, "run_all", lambda command, count: runs.append((command, count)))
    assert ranks.delegate("stages.train", ["lite0", "1"], 2) is True
    assert runs == [([sys.executable, "-m", "stages.train", "lite0", "1"], 2)]
