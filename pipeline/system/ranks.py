"""The processes that train one member on several devices: started, watched and ended together.

The stage's own process trains nothing. It starts a process for each device (a rank), keeps the
store through which they find each other, at a port that the system chooses, and waits. If one of
them ends too early, however that happens, the others would wait for it for half an hour: they are
ended, and what has happened is the message.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType

from pipeline.system import children, errors
from pipeline.system.errors import UserError

RANK = "TAILPRINT_RANK"  # of a process that is one of several: its `Rank` as JSON
LOCAL_RANK = "LOCAL_RANK"  # by which Fabric knows that the processes have been started
# PyTorch would print a warning if a network has no unused layers, for which DDP looks
QUIET = {"TORCH_CPP_LOG_LEVEL": "ERROR"}
HOST = "127.0.0.1"
POLL = 0.1  # seconds between two looks at the processes
LAST_LINES = 20  # of the output of a process that failed, that are printed
TIMEOUT = timedelta(minutes=30)  # of a process that lives and does not answer


@dataclass(frozen=True)
class Rank:
    """One of `count` processes: its number from 0, and where it finds the others.

    port : of the store
    failure : the file in which the first process that fails says why
    """

    number: int
    count: int
    port: int
    failure: str


def own_rank() -> Rank | None:
    """The place of this process among several; None for one that computes alone."""
    text = os.environ.get(RANK)
    return Rank(**json.loads(text)) if text else None


def delegate(module: str, words: Sequence[str], count: int) -> bool:
    """Leave the work of a program to `count` processes if that is more than one.

    module, words : what each of them runs, `python -m module words`

    Returns True in the process that has started them, after they have ended, and False in one that
    is to do the work: one of them, which is connected with the others then, or the only one. Raises
    the errors of `run_all`.
    """
    if own_rank():
        connect()
        return False
    if count > 1:
        run_all([sys.executable, "-m", module, *words], count)
    return count > 1


def connect() -> None:
    """Let this process, which is one of several, and the others find each other.

    From here on an error ends it at once, and its text is the message of them all.
    """
    import torch
    from torch import distributed

    rank = own_rank()
    if rank is None:
        raise ValueError("this process is none of several")
    gpu = torch.cuda.is_available()
    distributed.init_process_group(
        "nccl" if gpu else "gloo",
        store=distributed.TCPStore(HOST, rank.port, is_master=False, timeout=TIMEOUT),
        rank=rank.number,
        world_size=rank.count,
        timeout=TIMEOUT,
        device_id=torch.device("cuda", rank.number) if gpu else None,
    )
    sys.excepthook = report_error


def report_error(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Write why this process has failed, and end it; a later one has lost only the connection."""
    rank = own_rank()
    text = errors.explain(error)
    if text is None:
        text = "".join(traceback.format_exception(kind, error, trace)).rstrip()
    if rank:
        with contextlib.suppress(FileExistsError), open(rank.failure, "x") as file:
            file.write(text)
    # without what runs at exit, which may wait for the others
    os._exit(1)


def run_all(command: Sequence[str], count: int) -> None:
    """Run a command as `count` processes until all have ended well.

    The output of the first is this process's. Raises UserError if one fails, after the others were
    ended: with its own text, or how it ended.
    """
    from torch.distributed import TCPStore

    store = TCPStore(HOST, 0, is_master=True, wait_for_workers=False)
    with tempfile.TemporaryDirectory() as folder:
        started: list[subprocess.Popen] = []
        try:
            for number in range(count):
                rank = Rank(number, count, store.port, f"{folder}/failure")
                started.append(start(command, rank, log_file(folder, number)))
            codes = wait(started)
        finally:
            for process in started:
                children.stop(process)
                process.wait()
                children.forget(process)
        if any(codes):
            raise UserError(explain_end(codes, Path(folder)))


def start(command: Sequence[str], rank: Rank, log: Path) -> subprocess.Popen:
    """Start one of the processes; all but the first write into a log."""
    extra = QUIET | {RANK: json.dumps(asdict(rank)), LOCAL_RANK: str(rank.number)}
    if not rank.number:
        return children.start(command, extra=extra)
    with log.open("w") as file:
        return children.start(command, output=file, extra=extra)


def log_file(folder: str | Path, number: int) -> Path:
    """Where a process of this number writes what it prints."""
    return Path(folder) / f"{number}.log"


def wait(processes: Sequence[subprocess.Popen]) -> list[int | None]:
    """Wait until all have ended, or one has failed; returns their exit codes, None if at work."""
    while True:
        codes = [process.poll() for process in processes]
        if any(codes):
            # one that lost its connection may have been seen before the one that it was lost to
            time.sleep(POLL)
            return [process.poll() for process in processes]
        if None not in codes:
            return codes
        time.sleep(POLL)


def explain_end(codes: Sequence[int | None], folder: Path) -> str:
    """Which process has failed first, and why.

    One that was killed comes first: the others have then written that they lost the connection.
    Aborting is also how NCCL ends a process whose connection is lost.
    """
    failed = [number for number, code in enumerate(codes) if code]
    killed = [at for at in failed if (codes[at] or 0) < 0 and codes[at] != -signal.SIGABRT]
    failure = folder / "failure"
    if not killed and failure.is_file():
        return failure.read_text()
    number = (killed or failed)[0]
    code = codes[number] or 0
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    memory = ", as the system does when memory runs out" if code == -signal.SIGKILL else ""
    log = log_file(folder, number)
    last = log.read_text(errors="replace").splitlines()[-LAST_LINES:] if log.is_file() else []
    return "\n".join(
        [
            *last,
            f"process {number + 1} of {len(codes)} {how}{memory}; the others were stopped, and "
            "nothing was written: repeat the same command",
        ]
    )
