"""One stage or shard on another machine: the code that travels there and runs it in its checkout.

Ray sends this module by value, so that the program on the head decides how a worker checks itself,
whatever version that has. That is why it imports nothing but Python's own library.
"""

import fcntl
import hashlib
import os
import platform
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, Any

CHECKOUT = "TAILPRINT_CHECKOUT"  # the worker's folder, if Ray was not started in it
STORE = Path(".dvc/tmp/cluster")  # in the checkout
CHUNK = 2**26  # bytes of a file that travel at once
LOG_EVERY = 0.5  # seconds between two pieces of the log
KEPT = 24 * 3600  # seconds that a worker keeps an input that no stage has read
ABANDONED = 60 * 24 * 3600  # seconds after which no stage uses its folder, on any machine
LOCKS = "tailprint"  # and the user's number: a folder among the machine's temporary files
NAMED = 3  # differences that a refusal names

# ("refused", why), ("host", name), ("log", text), ("file", (path, bytes)) or ("end", exit code)
Message = tuple[str, Any]


@dataclass(frozen=True)
class Job:
    """A stage of one member or ensemble, or a shard of a stage.

    arguments : what follows `python`
    inputs, code : paths from the project's root, with the MD5 of each file
    outs : files, or folders of files, that the stage writes
    versions : what `describe_versions` says on the head
    environment : variables that decide the result, such as the number of threads
    passing : inputs that no other job reads: the worker does not keep them
    cores : that the stage may use; 0: it limits itself by its environment
    """

    name: str
    arguments: Sequence[str]
    inputs: Mapping[str, str]
    outs: Sequence[str]
    code: Mapping[str, str]
    versions: Mapping[str, str]
    environment: Mapping[str, str]
    passing: Sequence[str] = ()
    cores: int = 0


def run_in_ray(job: Job, chunks: Mapping[str, Sequence[Any]]) -> Iterator[Message]:
    """Run a stage on the worker that Ray has chosen.

    chunks : Ray's references to the pieces of every input, by its MD5
    """
    import ray

    for kind, value in run(job, lambda digest: map(ray.get, chunks[digest])):
        if kind == "refused":
            value = (ray.get_runtime_context().get_node_id(), value)
        yield kind, value


def run(job: Job, fetch: Callable[[str], Iterable[bytes]]) -> Iterator[Message]:
    """Run a stage in a folder of its own; yields its log, what it wrote, and its exit code.

    fetch : gives an input's bytes by its MD5

    A worker with other code or versions runs nothing.
    """
    checkout = Path(os.environ.get(CHECKOUT) or Path.cwd())
    host = f"{socket.gethostname()}:{checkout}"
    if differences := find_differences(job, checkout):
        yield "refused", f"{host}: {shorten(differences)}"
        return
    yield "host", host
    passing = set(job.passing)
    with make_folder(checkout / STORE) as name:
        folder = Path(name)
        for path, digest in job.inputs.items():
            if path in passing:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                write(folder / path, digest, fetch)
            else:
                place(receive(checkout / STORE / "inputs", digest, fetch), folder / path)
        code = yield from run_command(job, folder, checkout)
        if code == 0:
            yield from read_outs(job.outs, folder)
        yield "end", code


def find_differences(job: Job, checkout: Path) -> list[str]:
    """How this worker differs from the head in what decides the stage's result."""
    own = describe_versions(job.versions)
    differences = [
        f"{name} {own[name] or 'is missing'}, the head has {version or 'none'}"
        for name, version in job.versions.items()
        if own[name] != version
    ]
    for path, digest in job.code.items():
        file = checkout / path
        if not file.is_file():
            differences.append(f"{path} is missing")
        elif hash_file(file) != digest:
            differences.append(f"{path} differs")
    return differences


def shorten(differences: Sequence[str]) -> str:
    """The first differences, and how many more there are."""
    rest = len(differences) - NAMED
    return "; ".join([*differences[:NAMED], *([f"and {rest} more"] if rest > 0 else [])])


def describe_versions(packages: Iterable[str]) -> dict[str, str]:
    """The version of Python, if asked for, and of each package; "" for one that is not installed.

    What follows a "+" is left out: it says which GPUs a build is for. Faiss has a name for each.
    """
    versions = {}
    for package in packages:
        names = ("faiss-cpu", "faiss-gpu") if package == "faiss" else (package,)
        versions[package] = next(filter(None, map(find_version, names)), "")
    return versions


def find_version(package: str) -> str:
    """The public version of an installed package or of Python, or ""."""
    if package == "python":
        return ".".join(platform.python_version_tuple()[:2])
    try:
        return metadata.version(package).partition("+")[0]
    except metadata.PackageNotFoundError:
        return ""


def hash_file(path: Path) -> str:
    """The MD5 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def make_folder(store: Path) -> tempfile.TemporaryDirectory:
    """Make a folder for one stage, and remove what is no longer needed.

    That is the folder of a killed worker, and an input that was not read for a day. Machines may
    share the checkout on a network disk: each removes the folders of its own workers, and those
    that are months old.
    """
    (store / "inputs").mkdir(parents=True, exist_ok=True)
    for old in store.glob("run-*"):
        worker, _, _ = old.name.removeprefix("run-").rpartition("-")
        host, _, pid = worker.rpartition("-")
        is_old = old.stat().st_mtime < time.time() - ABANDONED
        if is_old or (host == socket.gethostname() and not is_alive(int(pid))):
            shutil.rmtree(old, ignore_errors=True)
    for file in (store / "inputs").iterdir():
        with suppress(FileNotFoundError):  # several workers may share a checkout
            if file.stat().st_mtime < time.time() - KEPT:
                file.unlink()
    return tempfile.TemporaryDirectory(prefix=f"run-{name_worker()}-", dir=store)


def name_worker() -> str:
    """A name for this process that no other one has, on any machine."""
    return f"{socket.gethostname()}-{os.getpid()}"


def is_alive(pid: int) -> bool:
    """Whether a process of this number exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def receive(inputs: Path, digest: str, fetch: Callable[[str], Iterable[bytes]]) -> Path:
    """The file with this MD5, from an earlier stage or from the head.

    Stages that begin at once on one machine wait for the first of them to fetch it. Raises OSError
    if other bytes have arrived than were sent.
    """
    path = inputs / digest
    with lock("inputs", wait=True):
        if not path.is_file():
            part = inputs / f".{digest}-{name_worker()}"
            write(part, digest, fetch)
            part.chmod(0o444)
            part.replace(path)
    os.utime(path)
    return path


def write(path: Path, digest: str, fetch: Callable[[str], Iterable[bytes]]) -> None:
    """Write what arrives of a file. Raises OSError if its MD5 is another."""
    with path.open("wb") as file:
        file.writelines(fetch(digest))
    if hash_file(path) != digest:
        path.unlink()
        raise OSError(f"an input arrived damaged at {path.parent}: its MD5 is not {digest}")


def lock(name: str, wait: bool) -> IO[bytes]:
    """Lock a name on this machine until the file is closed or the process has ended.

    Raises BlockingIOError if another process has it, unless this one is to wait.
    """
    folder = Path(tempfile.gettempdir(), f"{LOCKS}-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    file = (folder / name).open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise
    return file


def place(source: Path, path: Path) -> None:
    """Give an input its name in the stage's folder, without a copy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(source, path)


def run_command(job: Job, folder: Path, checkout: Path) -> Generator[Message, None, int]:
    """Run the stage's command with the checkout's code; yields its log, returns its exit code.

    The stage ends with this process, see `pipeline.system.interruptions.end_with_parent`.
    """
    environment = os.environ | {
        "PYTHONPATH": str(checkout),
        "TAILPRINT_STARTER": str(os.getpid()),
        **job.environment,
    }
    with hold_cores(job.cores) as cores:
        process = start(job, folder, environment, cores)
        try:
            for text in read_log(process):
                yield "log", text
            return process.wait()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def hold_cores(count: int) -> Iterator[set[int]]:
    """Hold so many cores of this machine that no other stage holds; all for 0, or if too few are.

    Ray counts cores, but does not say which: a stage with a thread for every core that it may use
    would have too many beside others.
    """
    every = os.sched_getaffinity(0) if count and hasattr(os, "sched_getaffinity") else set()
    with ExitStack() as stack:
        held: set[int] = set()
        for core in sorted(every):
            with suppress(BlockingIOError):
                if len(held) < count:
                    stack.enter_context(lock(f"core-{core}", wait=False))
                    held.add(core)
        yield held if len(held) == count else every


def start(
    job: Job, folder: Path, environment: Mapping[str, str], cores: set[int]
) -> subprocess.Popen:
    """Start the stage's command on some cores, or on all that this process may use."""
    before = os.sched_getaffinity(0) if cores else set()
    if cores:
        os.sched_setaffinity(0, cores)  # of this thread; the stage inherits it
    try:
        return subprocess.Popen(
            [sys.executable, *job.arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        if cores:
            os.sched_setaffinity(0, before)


def read_log(process: subprocess.Popen) -> Iterator[str]:
    """What a process prints, as it comes, in few pieces."""
    assert process.stdout is not None
    pipe, pieces, begin, ended = process.stdout.fileno(), [], time.monotonic(), False
    while not ended:
        if select.select([pipe], [], [], LOG_EVERY)[0]:
            piece = os.read(pipe, 2**16)
            ended = not piece
            pieces += [piece] if piece else []
        if pieces and (ended or time.monotonic() - begin > LOG_EVERY):
            yield b"".join(pieces).decode(errors="replace")
            pieces, begin = [], time.monotonic()


def read_outs(outs: Iterable[str], folder: Path) -> Iterator[Message]:
    """The bytes of all that a stage has written and declared; an empty file is a piece, too."""
    for path in list_files(outs, folder):
        with (folder / path).open("rb") as file:
            yield "file", (path, file.read(CHUNK))
            while piece := file.read(CHUNK):
                yield "file", (path, piece)


def list_files(paths: Iterable[str], root: Path) -> list[str]:
    """The files that paths name, from the root; of a folder all that lie in it."""
    found = []
    for path in paths:
        place = root / path
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        found += [file.relative_to(root).as_posix() for file in files if file.is_file()]
    return found
