"""What a child process used."""

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipeline.system.errors import UserError

LAST_LINES = 3  # of a failure's output
SAMPLE_EVERY = 0.25  # seconds
LOOKING = 0.05  # at most this fraction of the time, which a process of many pages waits for


@dataclass(frozen=True)
class Usage:
    """Seconds of a process and of its children, what it printed, and its peak memory in bytes.

    The peak is that of all processes together, 0 unless they were watched.
    """

    wall: float
    cpu: float
    output: str
    peak: int = 0


class RunFailed(UserError):
    """A process has failed; the message has its last lines."""


def run(command: list[str], folder: Path, watch: bool = False) -> Usage:
    """Run a command in a folder, whose modules it finds. Raises RunFailed.

    watch : look at the memory of the process and its children together, up to four times a second
    """
    environment = os.environ | {"PYTHONPATH": str(folder)}
    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    watcher = Watcher(process.pid)
    with process:
        if watch:
            watcher.start()
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    watcher.over.set()
    if process.returncode:
        last = output.replace("\r", "\n").strip().splitlines()[-LAST_LINES:]
        raise RunFailed(f"exit code {process.returncode}: {' / '.join(last)}")
    seconds = time.perf_counter() - begin
    return Usage(seconds, used.ru_utime + used.ru_stime, output, watcher.peak)


class Watcher(threading.Thread):
    """Looks at the memory of a process and its children until `over`; `peak` in bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0
        self.over = threading.Event()

    def run(self) -> None:
        """Keep the largest sum, in which pages that processes share count once.

        The process's own highest mark, which Linux keeps, has the peaks between two looks. (The
        one that its parent gets at its end is no use: it begins with the parent's memory.)
        """
        while True:
            begin = time.perf_counter()
            self.look()
            took = time.perf_counter() - begin
            if self.over.wait(max(SAMPLE_EVERY, took / LOOKING)):
                return

    def look(self) -> None:
        """Look once."""
        try:
            parent = psutil.Process(self.pid)
            family = [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        together = sum(map(measure, family))
        self.peak = max(self.peak, together, read_highest(self.pid))


def measure(process: psutil.Process) -> int:
    """The memory of a process in bytes, shared pages by parts; 0 if it has ended."""
    try:
        return process.memory_full_info().pss
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return 0


def read_highest(pid: int) -> int:
    """The most memory that a process has had since it began, in bytes; 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    highest = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return 1024 * int(highest[0]) if highest else 0
