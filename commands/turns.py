"""One run at a time in a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from commands.messages import say

RUN = Path(".dvc/tmp/tailprint.lock")


@contextmanager
def take_turn(lock: Path = RUN) -> Iterator[None]:
    """Wait, in one line, until no other command works under the same lock.

    A killed process holds none. Outside of a project there is nothing to wait for.
    """
    if not Path(".dvc").is_dir():
        yield
        return
    lock.parent.mkdir(parents=True, exist_ok=True)
    turn = FileLock(lock)
    try:
        turn.acquire(timeout=0)
    except Timeout:
        say("another tailprint command is at work in this project: waiting until it ends")
        turn.acquire()
    try:
        yield
    finally:
        turn.release()
