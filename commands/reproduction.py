"""`dvc repro`, several members at a time."""

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from pipeline import params, paths
from pipeline.data import tables
from pipeline.models import backbones
from pipeline.params import Params
from pipeline.system import device
from pipeline.system.errors import UserError

REPRO = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro"]
MEMBER = ("train", "embed", "neighbours", "rerank")
ENSEMBLE = ("ensemble", "submission", "score")
LOGS = Path(".dvc/tmp/at-once")
LAST_LINES = 20  # of the log of a failure, that are printed


def reproduce(at_once: int) -> None:
    """Bring all stages up to date; writes the seconds that it took to paths.LAST_BUILD.

    Raises UserError if a setting is wrong or a stage fails.
    """
    begin = time.monotonic()
    p = params.load()
    check_backbones(p)
    if not device.has_gpu():
        run_side_by_side(p, at_once)
    run_dvc()
    seconds = round(time.monotonic() - begin)
    tables.replace(paths.LAST_BUILD, lambda part: part.write_text(str(seconds)))


def check_backbones(p: Params) -> None:
    """Raise UserError if timm lacks a network: `train` would fail too, an hour later."""
    for name, backbone in p.backbones.items():
        try:
            backbones.check_name(backbone.timm_name)
        except ValueError as error:
            raise UserError(f"params.yaml, backbones.{name}.timm_name: {error}") from None


def run_side_by_side(p: Params, at_once: int) -> None:
    """Run the stages of members, and later of ensembles, several at a time."""
    LOGS.mkdir(parents=True, exist_ok=True)
    run_dvc("keypoints", "folds", "pretrain")
    members = [paths.member_name(name, fold) for name in p.backbones for fold in p.folds.trained]
    run_chains("member", members, MEMBER, at_once)
    run_dvc("--single-item", "match", "weigh", "verify")
    run_chains("ensemble", list(p.ensembles), ENSEMBLE, at_once)


def run_dvc(*arguments: str) -> None:
    """Run `dvc repro` with these arguments. Raises UserError if it fails: it prints the reason."""
    if subprocess.run([*REPRO, *arguments]).returncode:
        raise UserError("dvc repro failed: see above")


def run_chains(kind: str, names: Sequence[str], stages: Sequence[str], at_once: int) -> None:
    """Run the chain of stages of every name; a chain that fails stops no other.

    Raises UserError at the end, with the last lines of each failed chain's log.
    """
    with ThreadPoolExecutor(at_once) as pool:
        results = pool.map(lambda name: run_chain(name, stages), names)
        faults = [fault for fault in tqdm(results, f"{kind}s", len(names), unit=kind) if fault]
    if faults:
        raise UserError("\n\n".join(faults))


def run_chain(name: str, stages: Sequence[str]) -> str:
    """Bring one name's stages up to date; returns the message of a failure, or "".

    The stages are run one by one without those that they share with others, which are up to date:
    DVC would lock those for a moment, and refuse the others.
    """
    log = LOGS / f"{name}.log"
    command = [*REPRO, "--single-item", *(f"{stage}@{name}" for stage in stages)]
    with log.open("w") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT)
    if done.returncode == 0:
        return ""
    last = log.read_text(errors="replace").replace("\r", "\n").splitlines()[-LAST_LINES:]
    return "\n".join([f"{name} failed ({log}):", *last])
