"""Which stages travel to other machines, what goes with them, and what each of them needs."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement

from commands.cluster_requests import ON_GPU, Request
from commands.cluster_task import Job, describe_versions, hash_file, list_files
from pipeline.params import Params
from pipeline.system import device, machine
from pipeline.system.errors import UserError
from pipeline.system.import_closure import code_files

ROOT = Path(__file__).parents[1]
PARAMS = "params.yaml"
BASE_MEMORY = 2**30  # of a stage's libraries and batches
MEMORY_PER_BYTE = 2  # of its inputs


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


def choose_needs(name: str, size: int, workers: Iterable[Mapping[str, float]]) -> Needs:
    """What a stage needs, where these workers are.

    size : bytes of the inputs

    It has a GPU if it uses one and a worker has one, with that worker's part of the cores; else as
    many cores as threads. It asks for no more memory than the largest such worker has: only its own
    estimate says that it does not fit.
    """
    workers = list(workers)
    with_gpu = [worker for worker in workers if worker.get("GPU", 0) >= 1]
    gpus = int(name.partition("@")[0] in ON_GPU and bool(with_gpu))
    places = with_gpu if gpus else workers
    cpus = machine.count_threads()
    if gpus:
        cpus = max(1, min(int(one.get("CPU", 0) // one["GPU"]) for one in with_gpu))
    most = max((int(one.get("memory", 0)) for one in places), default=0)
    estimate = BASE_MEMORY + MEMORY_PER_BYTE * size
    return Needs(cpus, gpus, min(estimate, most) if most else estimate)


def build_job(request: Request, p: Params, gpus: int) -> Job:
    """Pack a stage: which files go with it, and what its worker must have.

    The threads are those of the head, so that a worker with more cores gives the same bytes.
    """
    program, *arguments = shlex.split(request.command)
    stage = request.stage
    if program != "python" or arguments[:2] != ["-m", f"stages.{stage}"]:
        raise UserError(f"{request.name}: its command in dvc.yaml is not python -m stages.{stage}")
    environment = {"OMP_NUM_THREADS": str(machine.count_threads()), device.DEVICES: "1"}
    if not gpus:
        environment[device.VISIBLE] = ""
    return Job(
        request.name,
        arguments,
        {path: find_hash(path) for path in list_inputs(request, p)},
        request.outs,
        hash_code(stage),
        describe_versions(list_packages()),
        environment,
    )


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
def hash_code(stage: str) -> dict[str, str]:
    """The MD5 of every module that a stage runs, by its path: its imports and its package's."""
    modules = (ROOT / f"stages/{stage}.py", ROOT / "stages/__init__.py")
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
