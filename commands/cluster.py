"""The workers of a cluster of Ray: which of them runs a stage, and what comes back from it."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from commands import cluster_shards, cluster_task
from commands.cluster_requests import SHARDED, Request
from commands.cluster_stages import Load, Needs, build_load, choose_needs
from commands.cluster_task import CHUNK, STORE, Job
from commands.messages import say
from pipeline.params import Params
from pipeline.system import files, interruptions
from pipeline.system.errors import UserError

Write = Callable[[str], object]
ATTEMPTS = 4  # of a stage whose workers are lost
NODE_ID = "ray.io/node-id"  # a label that Ray gives every node
INSTALL = "--cluster needs Ray: pip install -r requirements-cluster.txt (docs/guide/cluster.md)"


class WorkerLostError(Exception):
    """A worker, or its machine, has ended in the middle of a stage."""


class WorkerRefusedError(Exception):
    """A worker has other code or versions than the head."""


@dataclass(eq=False)
class Packed:
    """A file in Ray's object store, in chunks; it is freed when no stage holds it."""

    chunks: list[Any]


@dataclass
class Cluster:
    """A connection to Ray; `run` may be called by several threads at once."""

    ray: Any
    p: Params
    packed: WeakValueDictionary[str, Packed] = field(default_factory=WeakValueDictionary)
    packing: Lock = field(default_factory=Lock)  # shards that begin at once need the same file
    refused: dict[str, str] = field(default_factory=dict)  # why, by the node's number

    def count_places(self, name: str) -> int:
        """How many stages like this one the workers run at once, as they are now; at least one."""
        needs, workers = self.choose_needs(name, 0), self.list_workers().values()
        fits = [worker for worker in workers if needs.fit(worker)]
        pairs = (("CPU", needs.cpus), ("GPU", needs.gpus), ("memory", needs.memory))
        return max(1, sum(min(int(w[r] // n) for r, n in pairs if n) for w in fits))

    def list_workers(self) -> dict[str, Mapping[str, float]]:
        """The resources of every living node that was not refused, by its number."""
        nodes = {node["NodeID"]: node["Resources"] for node in self.ray.nodes() if node["Alive"]}
        return {number: nodes[number] for number in nodes if number not in self.refused}

    def choose_needs(self, name: str, size: int) -> Needs:
        """What a stage needs of these workers; `size` is that of its inputs in bytes."""
        return choose_needs(name, size, self.list_workers().values(), self.p)

    def run(self, request: Request, write: Write) -> int | None:
        """Run a stage on workers, and put what it wrote in its place; returns its exit code.

        write : prints a piece of the stage's log

        A stage or shard whose worker is lost is started again elsewhere. None if a stage that is
        run in shards has nothing to split. Raises UserError if only refused workers have room.
        """
        if request.stage in SHARDED:
            return cluster_shards.run(self, request, write)
        load = build_load(request, self.p, self.choose_needs(request.name, 0))
        return self.run_load(load, Path(), write)

    def run_load(self, load: Load, root: Path, write: Write) -> int:
        """Run a stage or shard on a worker, whose files get their places in `root`."""
        name, lost = load.job.name, 0
        while lost < ATTEMPTS:
            try:
                return self.run_once(load, root, write)
            except WorkerLostError as error:
                lost += 1
                line = f"{name}: its worker is lost ({lost} of {ATTEMPTS}): {error}"
            except WorkerRefusedError as error:
                line = f"{name}: worker refused, {error}"
            say(line)
            write(f"\n{line}\n")
        return 1

    def run_once(self, load: Load, root: Path, write: Write) -> int:
        """Run a stage or shard once."""
        needs = self.choose_needs(load.job.name, load.size)
        self.check_room(load.job.name, needs, write)
        packed = {digest: self.pack(path, digest) for digest, path in load.files.items()}
        refs = {digest: one.chunks for digest, one in packed.items()}
        messages = self.submit(needs, load.job, refs)
        with Arrival(root, write) as arrival:
            for kind, value in self.receive(messages):
                if kind == "refused":
                    self.refuse(*value)
                arrival.take(kind, value)
            return arrival.code

    def check_room(self, name: str, needs: Needs, write: Write) -> None:
        """Say that a stage waits for a worker; raises UserError if those with room are refused."""
        if any(needs.fit(worker) for worker in self.list_workers().values()):
            return
        if self.refused:
            raise UserError(
                "\n  ".join(["no worker is left, these were refused:", *self.refused.values()])
                + "\nbring them to the head's commit and packages, and start Ray there again"
            )
        write(f"{name}: waits for a worker with {needs}\n")

    def pack(self, path: str, digest: str) -> Packed:
        """A file in the object store; those that other stages use now are not stored again."""
        with self.packing:
            packed = self.packed.get(digest)
            if packed is None:
                with Path(path).open("rb") as file:
                    chunks = iter(partial(file.read, CHUNK), b"")
                    packed = self.packed[digest] = Packed([self.ray.put(chunk) for chunk in chunks])
            return packed

    def submit(self, needs: Needs, job: Job, refs: Mapping[str, list[Any]]) -> Any:  # noqa: ANN401
        """Start a stage on a worker that was not refused; its messages come as a generator."""
        others = {NODE_ID: f"!in({','.join(self.refused)})"} if self.refused else None
        options = {"num_cpus": needs.cpus, "num_gpus": needs.gpus, "memory": needs.memory}
        task = self.ray.remote(cluster_task.run_in_ray).options(
            **options, max_retries=0, name=job.name, label_selector=others
        )
        return task.remote(job, refs)

    def receive(self, messages: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
        """The messages of a stage; raises WorkerLostError if no more can come."""
        exceptions = self.ray.exceptions
        losses = (
            exceptions.WorkerCrashedError,
            exceptions.NodeDiedError,
            exceptions.LocalRayletDiedError,
            exceptions.OutOfMemoryError,
            exceptions.ObjectLostError,
        )
        try:
            for message in messages:
                yield self.ray.get(message)
        except losses as error:
            raise WorkerLostError(str(error).splitlines()[0]) from None
        except exceptions.RayTaskError as error:
            yield "log", f"{error}\n"
            yield "end", 1
        finally:
            with contextlib.suppress(Exception):  # it has ended
                self.ray.cancel(messages, force=True)

    def refuse(self, node: str, why: str) -> None:
        """Leave a worker out from now on. Raises WorkerRefusedError."""
        self.refused[node] = why
        raise WorkerRefusedError(why)


@dataclass
class Arrival:
    """What comes from a worker: its log is printed, its files wait until the stage has ended."""

    root: Path
    write: Write
    code: int = 1

    def __enter__(self) -> "Arrival":
        STORE.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="arrival-", dir=STORE))
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def take(self, kind: str, value: Any) -> None:  # noqa: ANN401
        """Take one message; at the end of a stage that succeeded its files get their names."""
        if kind == "host":
            self.write(f"on {value}\n")
        elif kind == "log":
            self.write(value)
        elif kind == "file":
            path, piece = value
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            with (self.folder / path).open("ab") as file:
                file.write(piece)
        elif kind == "end":
            self.code = value
            if value == 0:
                self.put_in_place()

    def put_in_place(self) -> None:
        """Give all files their names, each whole; DVC records none of them before all are there."""
        for path in cluster_task.list_files(["."], self.folder):
            files.replace(self.root / path, partial(shutil.move, self.folder / path))


@contextlib.contextmanager
def connect(address: str, p: Params) -> Iterator[Cluster]:
    """Connect to a cluster of Ray: "auto" for the one at work on this machine, or HOST:PORT.

    Raises UserError if Ray is not installed, or none is at work there.
    """
    try:
        import ray
    except ImportError:
        raise UserError(INSTALL) from None
    # a worker's checkout may have another version of it, or none
    ray.cloudpickle.register_pickle_by_value(cluster_task)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error")
    except (ConnectionError, ValueError) as error:
        raise UserError(
            f"no Ray that this machine belongs to is at work at {address} ({error}): start it with "
            "ray start --head, or ray start --address=HOST:PORT (docs/guide/cluster.md)"
        ) from None
    interruptions.exit_on_signals()  # Ray has its own handler of SIGTERM
    try:
        yield Cluster(ray, p)
    finally:
        ray.shutdown()
