"""What goes with a stage, or a shard of one, to another machine, and what it needs there."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement

from commands.cluster_requests import ON_GPU, SHARDED, Request
from commands.cluster_task import Job, describe_versions, hash_file, list_files
from pipeline.data.shards import Shard
from pipeline.params import Params
from pipeline.system import device, machine
from pipeline.system.errors import UserError
from pipeline.system.import_closure import code_files

ROOT = Path(__file__).parents[1]
PARAMS = "params.yaml"
BASE_MEMORY = 2**30  # of a stage's libraries and batches
MEMORY_PER_BYTE = 2  # of its inputs
# of a shard: more of them wait for its start, which takes seconds of one core
SHARD_CPUS = 4


@dataclass(frozen=True)
class Needs:
    """What a stage needs of a worker; `memory` in bytes."""

    cpus: int
    gpus: int
    memory: int

    def fit(self, resources: Mapping[str, float]) -> bool:
        """Whether a worker with these resources, named as Ray names them, can run it."""
        has = (resources.get(name, 0) for name in ("CPU", "GPU", "memory"))
        return all(h >= n for h, n in zip(has, (self.cpus, self.gpus, self.memory), strict=True))


@dataclass(frozen=True)
class Load:
    """A job, and where its inputs lie on the head, by their MD5."""

    job: Job
    files: Mapping[str, str]

    @property
    def size(self) -> int:
        """Bytes of the inputs."""
        return sum(Path(file).stat().st_size for file in self.files.values())


def choose_needs(name: str, size: int, workers: Iterable[Mapping[str, float]], p: Params) -> Needs:
    """What a stage, or a shard of it, needs where these workers are.

    size : bytes of the inputs

    It has a GPU if it uses one and a worker has one, with that worker's part of the cores; else as
    many cores as threads, a shard as many as each worker has. It asks for no more memory than the
    largest such worker has: only its own estimate says that it does not fit.
    """
    workers, stage = list(workers), name.partition("@")[0]
    with_gpu = [worker for worker in workers if worker.get("GPU", 0) >= 1]
    gpus = int(uses_gpu(stage, p) and bool(with_gpu))
    places = with_gpu if gpus else workers
    cpus = machine.count_threads()
    if gpus:
        cpus = max(1, min(int(one.get("CPU", 0) // one["GPU"]) for one in with_gpu))
    elif stage in SHARDED:
        cores = [int(one["CPU"]) for one in workers if one.get("CPU", 0) >= 1]
        cpus = min([SHARD_CPUS, *cores])
    most = max((int(one.get("memory", 0)) for one in places), default=0)
    estimate = BASE_MEMORY + MEMORY_PER_BYTE * size
    return Needs(cpus, gpus, min(estimate, most) if most else estimate)


def uses_gpu(stage: str, p: Params) -> bool:
    """Whether a stage computes on a GPU if there is one."""
    networks = {
        "crop": p.crop.enabled,
        "keypoints": p.keypoints.detector != "sift",
        "match": p.match.matcher == "lightglue",
    }
    return networks.get(stage, stage in ON_GPU)


def build_load(request: Request, p: Params, needs: Needs) -> Load:
    """Pack a stage: which files go with it, and what its worker must have."""
    program, *arguments = shlex.split(request.command)
    stage = request.stage
    if program != "python" or arguments[:2] != ["-m", f"stages.{stage}"]:
        raise UserError(f"{request.name}: its command in dvc.yaml is not python -m stages.{stage}")
    inputs = {path: path for path in list_inputs(request, p)}
    return pack(request.name, stage, arguments, inputs, request.outs, needs)


def build_shard_load(name: str, shard: Shard, needs: Needs) -> Load:
    """Pack a shard, named as "crop@3-of-8", which has the cores that it asks for."""
    stage = name.partition("@")[0]
    inputs = {PARAMS: PARAMS, **shard.shared, **shard.own}
    arguments = ["-m", f"stages.shards.{stage}", "compute", *shard.arguments]
    load = pack(name, f"shards/{stage}", arguments, inputs, shard.outs, needs)
    return replace(load, job=replace(load.job, passing=list(shard.own), cores=needs.cpus))


def pack(
    name: str,
    script: str,
    arguments: Sequence[str],
    inputs: Mapping[str, str],
    outs: Sequence[str],
    needs: Needs,
) -> Load:
    """Put a job together.

    inputs : the files by the path that they get on the worker

    The threads are those of the head, so that a worker with more cores gives the same bytes.
    """
    environment = {"OMP_NUM_THREADS": str(machine.count_threads()), device.DEVICES: "1"}
    if not needs.gpus:
        environment[device.VISIBLE] = ""
    hashes = {path: find_hash(file) for path, file in inputs.items()}
    code, versions = hash_code(script), describe_versions(list_packages())
    job = Job(name, arguments, hashes, outs, code, versions, environment)
    return Load(job, {hashes[path]: file for path, file in inputs.items()})


def list_inputs(request: Request, p: Params) -> list[str]:
    """The files that a stage reads: params.yaml, its dependencies but code, and given weights."""
    data = [path for path in request.deps if not path.startswith(("stages/", "pipeline/"))]
    return list_files(dict.fromkeys([PARAMS, *data, *list_weights(request, p)]), Path())


def list_weights(request: Request, p: Params) -> list[str]:
    """The file of first weights that a member's training reads, if params.yaml names one.

    Raises UserError if it lies outside of the project, where no worker can have it.
    """
    member = request.name.partition("@")[2]
    backbone = p.backbones.get(member.rpartition("-")[0])
    if request.stage not in ON_GPU or backbone is None or not Path(backbone.weights).is_file():
        return []
    path = Path(backbone.weights)
    if path.is_absolute() or ".." in path.parts:
        raise UserError(
            f"backbones: {path} can't travel to a worker: copy it into the project's folder, and "
            "name it from there"
        )
    return [path.as_posix()]


def find_hash(path: str) -> str:
    """The MD5 of an input, which is read again only after a change."""
    status = Path(path).stat()
    return hash_once(path, status.st_size, status.st_mtime_ns)


@cache
def hash_once(path: str, size: int, time: int) -> str:
    """The MD5 of a file of this size and time."""
    return hash_file(Path(path))


@cache
def hash_code(script: str) -> dict[str, str]:
    """The MD5 of every module that a script of `stages` runs: its imports and its package's."""
    modules = (ROOT / f"stages/{script}.py", ROOT / "stages/__init__.py")
    files = {file for module in modules for file in code_files(module, ROOT)}
    return {path.relative_to(ROOT).as_posix(): hash_file(path) for path in sorted(files)}


@cache
def list_packages() -> tuple[str, ...]:
    """Python, and the packages of requirements.txt that are installed here."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line).name for line in lines if line and not line.startswith("#")]
    names = dict.fromkeys("faiss" if name.startswith("faiss-") else name for name in pins)
    versions = describe_versions(names)
    return ("python", *(name for name in names if versions[name]))
