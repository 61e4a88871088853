"""How a process of the program ends: in one line, with its children, and with its parent."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing import resource_tracker
from types import FrameType

import psutil

from pipeline.system import children, files

GOES_ON = "the same command goes on from here"
WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
PR_SET_PDEATHSIG = 1  # from Linux's sys/prctl.h
FILTERS = "PYTHONWARNINGS"
POLL = 0.5  # seconds, where the kernel does not tell


def exit_on_signals(line: str = GOES_ON) -> None:
    """Let Ctrl-C, SIGTERM and SIGHUP end this process at once, with one line and its children.

    The exit code is 128 plus the signal's number, 130 at Ctrl-C. What is written appears whole or
    not at all (`files.replace`), so that nothing needs the time that an exception takes, and no
    thread or destructor can catch, print or delay it. A signal that is ignored stays ignored.
    Ctrl-Z stops this process with its children (`stop_family`).
    """
    owner = os.getpid()

    def leave(number: int, frame: FrameType | None) -> None:
        if os.getpid() == owner:  # a forked worker, which has this handler too, says nothing
            children.stop_all()
            for process in multiprocessing.active_children():
                process.kill()
            for part in files.unfinished.copy():
                part.unlink(missing_ok=True)
            say(f"{WORDS[signal.Signals(number)]}: {line}")
        os._exit(128 + number)

    for number in WORDS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, leave)
    if signal.getsignal(signal.SIGTSTP) != signal.SIG_IGN:
        signal.signal(signal.SIGTSTP, lambda number, frame: stop_family(owner))


def stop_family(owner: int) -> None:
    """Stop this process and all that it has started until `fg` or SIGCONT lets it go on.

    Ctrl-Z does not reach children in groups of their own: they would work on behind a program that
    has stopped, or not end with it. A forked worker, which is not the owner, stops alone.
    """
    family: set[psutil.Process] = set()
    while os.getpid() == owner and (more := list_descendants() - family):
        for process in more:
            with contextlib.suppress(psutil.Error):
                process.suspend()
        family |= more  # and what they have started meanwhile
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.resume()


def list_descendants() -> set[psutil.Process]:
    """All processes that this one has started, directly or not."""
    return set(psutil.Process().children(recursive=True))


@contextlib.contextmanager
def spare_children() -> Iterator[None]:
    """Start a pool of processes in here, which Ctrl-C does not reach: their parent ends them.

    They inherit that the signal is blocked; this process gets it afterwards, so that no child finds
    its parent gone half way. The helper of multiprocessing that removes the semaphores of a parent
    that is gone does it silently; it is started first, since its start unblocks the signal.
    """
    got: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: got.append(number))
    filters = os.environ.get(FILTERS)
    os.environ[FILTERS] = ",".join([filters or "default", "ignore:resource_tracker"])
    resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        os.environ[FILTERS] = filters or ""
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        for number in got:
            os.kill(os.getpid(), number)


def say(line: str) -> None:
    """Print a line past the buffers, which a signal may have found half written."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        start = "\n" if os.isatty(2) or "tqdm" in sys.modules else ""  # after ^C, or a bar
        os.write(2, f"{start}{line}\n".encode())


def end_with_parent(number: int = signal.SIGKILL) -> None:
    """Have this process get a signal when its parent ends, however that ends.

    So no training goes on for hours behind a program that was killed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    else:
        watch(psutil.Process(), number)
    if children.is_starter_dead():  # before the lines above
        os.kill(os.getpid(), number)


def end_with_grandparent_behind_a_shell(number: int = signal.SIGKILL) -> None:
    """Have this process get a signal when the program ends whose shell waits for this process.

    Some shells run a command in their own place, and others beside them.
    """
    parent = psutil.Process(os.getppid())
    if "-c" in parent.cmdline():
        watch(parent, number)


def watch(process: psutil.Process, number: int) -> None:
    """Send this process a signal once another one, or itself, has lost its parent."""
    parent = process.ppid()

    def wait() -> None:
        with contextlib.suppress(psutil.Error):
            while process.ppid() == parent:
                time.sleep(POLL)
        os.kill(os.getpid(), number)

    threading.Thread(target=wait, daemon=True).start()
