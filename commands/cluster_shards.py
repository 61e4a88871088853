"""Stages in shards: each shard is run by any worker, and the head puts together what they wrote."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from commands.cluster_requests import Request
from commands.cluster_stages import build_shard_load
from commands.cluster_task import STORE, Job, read_log
from pipeline.data import shards
from pipeline.data.shards import Shard
from pipeline.system import children

if TYPE_CHECKING:
    from commands.cluster import Cluster

Write = Callable[[str], object]
MOST = 32  # shards at once: their photographs are in the head's object store


def run(cluster: "Cluster", request: Request, write: Write) -> int | None:
    """Run a stage in shards; returns its exit code, or None if there is nothing to split.

    Shards that an interrupted run has finished are not run again. On the head only what comes
    before and after the shards is computed, by processes of their own.
    """
    stage, folder = request.stage, STORE / "shards" / request.stage
    needs = cluster.choose_needs(stage, 0)
    places = min(MOST, cluster.count_places(stage))
    shutil.rmtree(folder / "inputs", ignore_errors=True)
    kind = "gpu" if needs.gpus else "cpu"
    if code := run_here(stage, ["begin", str(folder), str(places), kind], write):
        return code
    plan = shards.read_plan(folder)
    if not plan:
        shutil.rmtree(folder)
        return None
    cluster.check_room(stage, needs, write)
    code = run_all(cluster, stage, plan, places, write)
    code = code or run_here(stage, ["join", str(folder)], write)
    if code == 0:
        shutil.rmtree(folder)
    return code


def run_here(stage: str, words: list[str], write: Write) -> int:
    """Run one step of a stage's script on the head; returns its exit code."""
    command = [sys.executable, "-m", f"stages.shards.{stage}", *words]
    process = children.start(command, output=subprocess.PIPE)
    try:
        for text in read_log(process):
            write(text)
        return process.wait()
    finally:
        children.forget(process)
        children.stop(process)


def run_all(cluster: "Cluster", stage: str, plan: list[Shard], places: int, write: Write) -> int:
    """Run all shards, `places` at once; returns the exit code of the first that fails, or 0.

    Only that one's log is written.
    """
    with ThreadPoolExecutor(places) as pool:
        tasks = [
            pool.submit(run_shard, cluster, f"{stage}@{number + 1}-of-{len(plan)}", number, shard)
            for number, shard in enumerate(plan)
        ]
        try:
            for done, task in enumerate(as_completed(tasks), 1):
                code, log = task.result()
                if code:
                    write(log)
                    return code
                write(f"{stage}: {done} of {len(plan)} shards\n")
        finally:
            for task in tasks:
                task.cancel()  # those that have not begun
    return 0


def run_shard(cluster: "Cluster", name: str, number: int, shard: Shard) -> tuple[int, str]:
    """Run one shard, unless it has been run before; returns its exit code and its log."""
    stage = name.partition("@")[0]
    results = shards.results(STORE / "shards" / stage, number)
    load = build_shard_load(name, shard, cluster.choose_needs(stage, 0))
    done, key = results.with_suffix(".key"), hash_job(load.job)
    if done.exists() and done.read_text() == key:
        return 0, ""
    done.unlink(missing_ok=True)
    shutil.rmtree(results, ignore_errors=True)
    log: list[str] = []
    code = cluster.run_load(load, results, log.append)
    if code == 0:
        done.write_text(key)
    return code, "".join(log)


def hash_job(job: Job) -> str:
    """A hash of all that decides what a shard writes."""
    return hashlib.sha256(json.dumps(asdict(replace(job, cores=0))).encode()).hexdigest()
