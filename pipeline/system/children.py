"""The program's child processes: each with its own children in one group, which ends as a whole."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from pipeline.system.errors import UserError

# tells a child which process of the program has started it
STARTER = "TAILPRINT_STARTER"


class ChildError(UserError):
    """A child has failed, and printed why."""


_running: set[subprocess.Popen] = set()
# a signal's handler runs in the thread that may hold it
_lock = threading.RLock()


def run(
    command: Sequence[str],
    folder: Path | None = None,
    output: IO[str] | int | None = None,
    extra: Mapping[str, str] | None = None,
) -> int:
    """Run a command until it and all that it has started have ended; returns the exit code.

    Arguments are those of `start`.
    """
    child = start(command, folder, output, extra)
    try:
        return child.wait()
    finally:
        forget(child)
        stop(child)


def start(
    command: Sequence[str],
    folder: Path | None = None,
    output: IO[str] | int | None = None,
    extra: Mapping[str, str] | None = None,
) -> subprocess.Popen:
    """Start a command, which `stop_all` ends until it is forgotten.

    output : where its output and errors go; the terminal unless given
    extra : variables of its environment, beside this process's

    The child leads a group of its own, so that Ctrl-C reaches it through `stop_all` only, and what
    it leaves behind can be ended. `python` is the one that runs the program.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = os.environ | {"PATH": path, STARTER: str(os.getpid())} | dict(extra or {})
    errors = None if output is None else subprocess.STDOUT
    with _lock:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        _running.add(child)
    return child


def forget(child: subprocess.Popen) -> None:
    """Leave a child out of what `stop_all` ends."""
    with _lock:
        _running.discard(child)


def run_checked(
    command: Sequence[str], folder: Path | None = None, output: IO[str] | int | None = None
) -> None:
    """Run a command as `run` does; raises ChildError if it fails."""
    if run(command, folder, output):
        raise ChildError(f"failed: {shlex.join(command)}" + (f" in {folder}" if folder else ""))


def stop_all() -> None:
    """End all children and what they have started."""
    with _lock:
        for child in _running:
            stop(child)


def stop(child: subprocess.Popen) -> None:
    """End what is left of a child's group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def pids() -> set[int]:
    """The numbers of the children that are running."""
    with _lock:
        return {child.pid for child in _running}


def is_started() -> bool:
    """Whether another process of the program, or make, has started this one."""
    return STARTER in os.environ


def is_starter_dead() -> bool:
    """Whether the process that has started this one, directly or not, has ended."""
    starter = os.environ.get(STARTER, "")
    if not starter.isdigit():
        return False
    try:
        os.kill(int(starter), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
