"""What a child process used."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.system.errors import UserError

LAST_LINES = 3  # of a failure's output


@dataclass(frozen=True)
class Usage:
    """Seconds of a process and of its children, and what it printed."""

    wall: float
    cpu: float
    output: str


class RunFailed(UserError):
    """A process has failed; the message has its last lines."""


def run(command: list[str], folder: Path) -> Usage:
    """Run a command in a folder, whose modules it finds. Raises RunFailed."""
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
    with process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        last = output.replace("\r", "\n").strip().splitlines()[-LAST_LINES:]
        raise RunFailed(f"exit code {process.returncode}: {' / '.join(last)}")
    return Usage(time.perf_counter() - begin, used.ru_utime + used.ru_stime, output)
