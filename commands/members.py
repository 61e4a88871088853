"""Train, embed, search and re-rank several members at once: what `dvc repro` does one by one.

    python -m commands.members [--at-once N]

A member's small batches leave cores idle: on two cores, two members at once with one thread each
embed twice as many photographs a second as one with two threads. `dvc repro` then finds these
stages done. A GPU is busy with one member: there, nothing is run at once and this does nothing.
What the members print goes to .dvc/tmp/members/<member>.log.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from tqdm import tqdm

from pipeline import device, params, paths

REPRO = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro"]
LOGS = Path(".dvc/tmp/members")
TOLD = 20  # last lines of the log of a member that failed


def main(at_once: int) -> None:
    if torch.cuda.is_available():
        print("members: there is a GPU, dvc repro trains them one by one")
        return
    subprocess.run([*REPRO, "crop", "folds"], check=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    p = params.load()
    members = [paths.member(backbone, fold) for backbone in p.backbones for fold in p.folds.trained]
    threads = max(1, device.cores() // at_once)
    with ThreadPoolExecutor(at_once) as pool:
        done = pool.map(lambda member: run(member, threads), members)
        failed = [fault for fault in tqdm(done, "members", len(members), unit="member") if fault]
    if failed:
        raise SystemExit("\n\n".join(failed))


def run(member: str, threads: int) -> str:
    """Bring one member up to date; returns what to tell where that fails, "" where it doesn't."""
    log = LOGS / f"{member}.log"
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    # one by one, without what they share: DVC would lock that for a moment, and refuse the others
    stages = [f"{stage}@{member}" for stage in ("train", "embed", "neighbours", "rerank")]
    command = [*REPRO, "--single-item", *stages]
    with log.open("w") as file:
        ended = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=environment)
    if ended.returncode == 0:
        return ""
    last = log.read_text(errors="replace").replace("\r", "\n").splitlines()[-TOLD:]
    return "\n".join([f"{member} failed ({log}):", *last])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at-once", type=int, default=min(4, max(2, device.cores() // 2)))
    main(parser.parse_args().at_once)
