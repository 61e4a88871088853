"""A head and two workers of Ray, each with its own checkout and no shared folder.

`make test-cluster` runs it. They are processes of this machine: a stage that looked for the head's
files in its own folder would not find them.
"""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import psutil
import pytest

from commands.cluster_requests import SHARDED
from pipeline import paths
from pipeline.data import tables
from tests.commands.toy import find_processes, wait_until
from tests.conftest import ROOT, write_params
from tests.stages.shards.projects import draw_animals, embed_animals
from tests.stages.shards.projects import write_params as write_shard_params

pytestmark = pytest.mark.cluster
pytest.importorskip("ray", reason="needs Ray: pip install -r requirements-cluster.txt")

PRESET = """
extends: {base}
demo: {{train_images: 120, test_images: 30}}
crop: {{height: 32, width: 64}}
folds: {{trained: [0, 1]}}
train: {{epochs: 20}}
match: {{backbone: mobilenet}}
backbones:
  mobilenet:
    timm_name: mobilenetv3_small_100
    weights: none
    overrides: {{learning_rate: 3.0e-3, backbone_lr_scale: 1.0}}
ensembles:
  best:
    backbones: {{mobilenet: 1.0}}
    folds: all
    scores: [nearest, centre]
    local: {{votes: 1.0}}
    method: mean
    duplicates: true
    new_whale: {{method: posterior, shift: 0.0}}
"""
CODE = ("pipeline", "stages", "commands", "presets", "benchmarks", "requirements.txt", "dvc.yaml")
PROJECT = (*CODE, ".dvc/config", ".dvcignore", ".gitignore", "data/review.csv", "data/pseudo.csv")
MEMBERS = ("train", "embed", "neighbours", "rerank")
LATER = ("match", "weigh", "verify", "ensemble", "submission", "score", "report")
START_S, RUN_S = 300, 900
STARTS, STARTED = 5, "Ray runtime started"
NEWER = "pipeline/training/live_curves.py"  # only `train` runs it


def copy_project(names: tuple[str, ...], into: Path) -> Path:
    """A checkout of the code; a worker's has no data, settings or history."""
    for name in names:
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        ignore = shutil.ignore_patterns("__pycache__")
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, into / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, into / name)
    return into


def build_alone(root: Path, environment: dict[str, str]) -> None:
    """The tiny demo by `dvc repro` alone."""
    copy_project(PROJECT, root)
    (root / "data/lr_range").mkdir()
    preset = root / "presets/tiny.yaml"
    preset.write_text(PRESET.format(base=os.path.relpath(ROOT / "tests/preset", preset.parent)))
    write_params(preset, root / "params.yaml")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    for command in (["commands", "demo"], ["dvc", "repro", "-q"]):
        subprocess.run([sys.executable, "-m", *command], cwd=root, env=environment, check=True)


def copy_without_members(alone: Path, root: Path) -> None:
    """The project as it was before members were trained: DVC has no copy of what they wrote."""
    shutil.copytree(alone, root, ignore=shutil.ignore_patterns("cache", "tmp", "__pycache__"))
    for stage in (*MEMBERS, *LATER):
        shutil.rmtree(root / "data/work" / stage)
    for file in (root / "submissions").iterdir():
        file.unlink()


@contextmanager
def ray_node(
    folder: Path, environment: dict[str, str], *options: str
) -> Iterator[subprocess.Popen]:
    """A node of Ray that was started in this folder.

    Ray gives a node 30 seconds, which no setting changes and which a busy machine exceeds.
    """
    log = folder / "ray.log"
    for _ in range(STARTS):
        node = start_node(folder, log, environment, options)
        try:
            if has_started(node, log):
                yield node
                return
        finally:
            end_family(node)
    pytest.fail(log.read_text())


def start_node(
    folder: Path, log: Path, environment: dict[str, str], options: Sequence[str]
) -> subprocess.Popen:
    program = str(Path(sys.executable).with_name("ray"))
    size = f"--object-store-memory={10**8}"
    with log.open("w") as output:
        return subprocess.Popen(
            [program, "start", "--block", size, *options],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )


def has_started(node: subprocess.Popen, log: Path) -> bool:
    wait_until(lambda: STARTED in log.read_text() or node.poll() is not None, START_S)
    return STARTED in log.read_text() and node.poll() is None


def end_family(node: subprocess.Popen) -> None:
    """End a node of Ray, and what it has started."""
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(node.pid).children(recursive=True)
        node.terminate()
        for process in psutil.wait_procs(family, timeout=20)[1]:
            process.kill()
    node.kill()
    node.wait()


def make_environment(folder: Path) -> dict[str, str]:
    """The variables of a cluster's processes, which have a token of their own."""
    token = folder / "token"
    token.write_text(secrets.token_hex(32))
    return os.environ | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_agent_register_timeout_ms": str(START_S * 1000),
        "PYTHONPATH": "",
    }


@contextmanager
def cluster_of(
    head: Path, workers: Sequence[Path], environment: dict[str, str]
) -> Iterator[tuple[str, subprocess.Popen]]:
    """Ray on a head without cores and on two workers with one; its address, and the second."""
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    first = ["--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false"]
    joins = [f"--address={address}", "--num-cpus=1"]
    with (
        # Ray's sockets take 107 characters, which tmp_path has no room for
        tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as sockets,
        ray_node(head, environment, *first, f"--temp-dir={sockets}"),
        ray_node(workers[0], environment, *joins),
        ray_node(workers[1], environment, *joins) as second,
    ):
        yield address, second


def lose_machine(node: subprocess.Popen) -> None:
    """Kill all processes of a node, from `ray start` to the training, as a power cut does."""
    family = [psutil.Process(node.pid), *psutil.Process(node.pid).children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def find_stages(worker: Path, script: str) -> list[psutil.Process]:
    """The runs of a script at work on a worker, each in a folder of its own, without children."""
    found = []
    for folder in (worker / ".dvc/tmp/cluster").glob("run-*"):
        for process in find_processes(folder):
            with suppress(psutil.Error):  # it has ended
                lines = process.cmdline(), process.parent().cmdline()
                if [script in line for line in lines] == [True, False]:
                    found.append(process)
    return found


def find_training(worker: Path) -> list[psutil.Process]:
    """The trainings at work on a worker."""
    return find_stages(worker, "stages.train")


@contextmanager
def program_on(head: Path, address: str, environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    """`tailprint run --cluster`, which is killed at the end of the block if it still runs."""
    command = [sys.executable, "-m", "commands", "run", "--cluster", address]
    with (head / "run.log").open("a") as log:
        program = subprocess.Popen(
            command, cwd=head, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield program
    finally:
        program.kill()
        program.wait()


def read_logs(head: Path) -> str:
    """What the head has of the members' and ensembles' output."""
    files = sorted((head / ".dvc/tmp/at-once").glob("*.log"))
    return "\n".join(file.read_text() for file in files) + (head / "run.log").read_text()


def test_a_run_on_two_workers_equals_dvc_alone_whoever_is_killed(tmp_path):
    """The program on the head is killed first.

    Then, in mid-training, one worker loses the process of the stage, and the other all of them.
    Last, the head has newer code than the worker that is left.
    """
    environment = make_environment(tmp_path)
    alone, head = tmp_path / "alone", tmp_path / "head"
    build_alone(alone, environment)
    copy_without_members(alone, head)
    workers = [copy_project(CODE, tmp_path / name) for name in ("one", "two")]
    with cluster_of(head, workers, environment) as (address, second):
        with program_on(head, address, environment):
            assert wait_until(lambda: all(map(find_training, workers)), RUN_S), read_logs(head)
        assert wait_until(lambda: not any(map(find_training, workers)), START_S)

        with program_on(head, address, environment) as program:
            assert wait_until(lambda: all(map(find_training, workers)), RUN_S), read_logs(head)
            (training,) = find_training(workers[0])
            training.parent().kill()
            lose_machine(second)
            assert program.wait(RUN_S) == 0, read_logs(head)
        assert not training.is_running()
        check_equal(head, alone, workers)
        check_refused(head, workers[0], address, environment)


def check_equal(head: Path, alone: Path, workers: Sequence[Path]) -> None:
    """Check the results, and that each worker had a training, which was lost."""
    logs = read_logs(head)
    # each member's log and the terminal name it
    assert len(re.findall(r"train@\S+: its worker is lost \(1 of 4\)", logs)) == 4, logs
    for worker in workers:
        assert str(worker) in logs
        assert not (worker / "data").exists()
    results = sorted(path.name for path in (alone / "submissions").iterdir())
    assert results == sorted(path.name for path in (head / "submissions").iterdir())
    for name in results:
        assert (alone / "submissions" / name).read_bytes() == (
            head / "submissions" / name
        ).read_bytes()
    assert (head / "dvc.lock").read_bytes() == (alone / "dvc.lock").read_bytes()


def check_refused(head: Path, worker: Path, address: str, environment: dict[str, str]) -> None:
    """Check that a head with newer code has no member run by this worker, and names it."""
    with (head / NEWER).open("a") as file:
        file.write("# newer\n")
    with program_on(head, address, environment) as program:
        assert program.wait(RUN_S) == 1, read_logs(head)
    logs = read_logs(head)
    assert f"worker refused, {socket.gethostname()}:{worker}: {NEWER} differs" in logs, logs
    assert "no worker is left, these were refused" in logs, logs


# stages by the program's own means, without DVC
RUN = """
import sys
from commands import cluster
from commands.cluster_requests import Request
from pipeline import params
address, *stages = sys.argv[1:]
with cluster.connect(address, params.load()) as workers:
    for stage in stages:
        request = Request(stage, f"python -m stages.{stage}", [], [])
        if code := workers.run(request, lambda text: print(text, end="", flush=True)):
            sys.exit(f"{stage}: {code}")
"""


@pytest.fixture
def photographed(tmp_path, monkeypatch) -> Path:
    """160 photographs, and all that `match` reads besides them; 40 have a mask."""
    root = copy_project(CODE, tmp_path / "alone")
    monkeypatch.chdir(root)
    write_shard_params(root)
    images = draw_animals(19, 8)
    mask = cv2.ellipse(np.zeros((120, 160), np.uint8), (80, 60), (60, 40), 0, 0, 360, 255, -1)
    cv2.imwrite("mask.png", mask)
    masks = pd.DataFrame({"image": images["image"][::4], "path": "mask.png", "sha256": ""})
    tables.write("given_masks", masks, paths.GIVEN_MASKS)
    embed_animals(images)
    return root


def test_shards_on_two_workers_equal_the_stages_alone(photographed, tmp_path):
    """The process of Ray that runs a shard is killed in each of the stages."""
    environment = make_environment(tmp_path)
    head = tmp_path / "head"
    shutil.copytree(photographed, head)
    for stage in SHARDED:
        command = [sys.executable, "-m", f"stages.{stage}"]
        subprocess.run(command, cwd=photographed, env=environment, check=True)
    workers = [copy_project(CODE, tmp_path / name) for name in ("one", "two")]
    log = head / "run.log"
    with cluster_of(head, workers, environment) as (address, _), log.open("w") as output:
        program = subprocess.Popen(
            [sys.executable, "-c", RUN, address, *SHARDED],
            cwd=head,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            for stage in SHARDED:
                script = f"stages.shards.{stage}"
                find = partial(find_stages, workers[0], script)
                assert wait_until(find, RUN_S), log.read_text()
                for process in find():
                    process.parent().kill()
            assert program.wait(RUN_S) == 0, log.read_text()
        finally:
            program.kill()
            program.wait()
    for stage in SHARDED:
        assert re.search(rf"{stage}@\d-of-\d: its worker is lost \(1 of 4\)", log.read_text())
        files = [path for path in (photographed / "data/work" / stage).rglob("*") if path.is_file()]
        assert files
        for path in files:
            copy = head / path.relative_to(photographed)
            assert path.read_bytes() == copy.read_bytes(), path
    assert not any((worker / "photos").exists() for worker in workers)
    assert not list((head / ".dvc/tmp/cluster/shards").iterdir())
