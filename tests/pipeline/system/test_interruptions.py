"""Processes end in one line at a signal, with their children, and with their parent."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.conftest import ROOT

# threads and a forked worker that are at work for minutes, and a half-written file
BUSY = """
import multiprocessing, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from pipeline.system import files, interruptions

interruptions.exit_on_signals()
worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=[600])
worker.start()

def save(part):
    part.write_text("half")
    print(worker.pid, flush=True)
    time.sleep(600)

with ThreadPoolExecutor(2) as pool:
    pool.submit(time.sleep, 600)
    files.replace(Path(sys.argv[1]), save)
"""
# a parent, and a child of its own group that ends with it
FAMILY = """
import sys, time
from pipeline.system import children
children.run([sys.executable, "-c", sys.argv[1]])
"""
CHILD = """
import os, time
from pipeline.system import interruptions
interruptions.end_with_parent()
print(os.getpid(), flush=True)
time.sleep(600)
"""


def start(code: str, *words: object) -> tuple[subprocess.Popen, int]:
    """Start a program that prints the number of its child."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    return process, int(process.stdout.readline())


def is_gone(pid: int) -> bool:
    """Whether a process ends within some seconds."""
    for _ in range(500):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.fault(
    "interruptions",
    "Ctrl-C, SIGTERM or SIGHUP while threads, workers and a half-written file are under way",
    "one line, exit code 128 plus the signal's number, no worker and no half-written file left",
)
@pytest.mark.parametrize("whole_group", [False, True])
@pytest.mark.parametrize(
    ("number", "word"),
    [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated"), (signal.SIGHUP, "hung up")],
)
def test_a_signal_ends_all_in_one_line(number, word, whole_group, tmp_path):
    process, worker = start(BUSY, tmp_path / "out.csv")
    (os.killpg if whole_group else os.kill)(process.pid, number)
    errors = process.communicate()[1]
    assert process.returncode == 128 + number
    assert errors == f"{word}: the same command goes on from here\n"
    assert is_gone(worker) and not list(tmp_path.iterdir())


def test_a_signal_that_the_starter_ignores_stays_ignored():
    code = "from pipeline.system import interruptions\ninterruptions.exit_on_signals()\n"
    code += "import os, signal\nos.kill(os.getpid(), signal.SIGHUP)\nprint('alive')"
    command = f"trap '' HUP; exec {sys.executable} -c \"$0\""
    done = subprocess.run(["sh", "-c", command, code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "alive\n" and done.returncode == 0


def has_status(pid: int, stopped: bool) -> bool:
    """Whether a process is stopped, or not any more, within some seconds."""
    for _ in range(500):
        if (psutil.Process(pid).status() == psutil.STATUS_STOPPED) == stopped:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.fault(
    "interruptions",
    "Ctrl-Z, then fg",
    "all that the program has started stops with it, in other groups too, and goes on with it",
)
def test_a_family_stops_and_goes_on_together():
    code = FAMILY.replace("children.run", "interruptions.exit_on_signals()\nchildren.run")
    code = code.replace("import children", "import children, interruptions")
    nested = CHILD.replace("print(", "subprocess.Popen(['sleep', '600'])\nprint(")
    process, child = start(code, nested.replace("import os,", "import os, subprocess,"))
    (grandchild,) = psutil.Process(child).children()
    family = [process.pid, child, grandchild.pid]
    process.send_signal(signal.SIGTSTP)
    assert all(has_status(pid, stopped=True) for pid in family)
    process.send_signal(signal.SIGCONT)
    assert all(has_status(pid, stopped=False) for pid in family)
    process.terminate()
    assert all(is_gone(pid) for pid in family)


@pytest.mark.fault(
    "interruptions",
    "SIGKILL of the parent alone, as the out-of-memory killer sends it",
    "its child ends at once, though it is in a group of its own",
)
def test_a_child_ends_with_its_parent():
    process, child = start(FAMILY, CHILD)
    assert os.getpgid(child) == child
    process.kill()
    assert is_gone(child)


@pytest.mark.fault(
    "interruptions",
    "SIGKILL of DVC alone while a shell stands between it and its stage",
    "the stage ends at once",
)
def test_a_child_behind_a_shell_ends_with_the_program_before_it():
    code = "import subprocess, sys\nsubprocess.run(['sh', '-c', *sys.argv[1:]])"
    child_code = CHILD.replace("_parent", "_grandparent_behind_a_shell")
    process, child = start(code, '"$0" -c "$1"; true', sys.executable, child_code)
    process.kill()
    assert is_gone(child)


def test_what_a_child_leaves_behind_is_ended():
    code = "import subprocess, sys\n"
    code += "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)"
    done = subprocess.run(
        [sys.executable, "-c", FAMILY, code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0 and is_gone(int(done.stdout))


def test_a_child_whose_starter_is_gone_ends_before_it_begins():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    environment = os.environ | {"TAILPRINT_STARTER": str(gone.pid)}
    done = subprocess.run([sys.executable, "-c", CHILD], cwd=ROOT, env=environment)
    assert done.returncode == -signal.SIGKILL


def test_the_helper_of_semaphores_does_not_let_ctrl_c_through_to_children():
    """Its start unblocks the signal; a child that is hit while it starts prints a traceback."""
    program = (
        "import multiprocessing, signal\n"
        "from pipeline.system.interruptions import spare_children\n"
        "with spare_children():\n"
        "    multiprocessing.get_context('spawn').Semaphore()\n"
        "    print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
