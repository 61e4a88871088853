"""`dvc repro`, several members at once.

    python -m commands.repro [--at-once N]

The results are those of `dvc repro`, which has one member at a time and leaves cores idle. The
members come first, then the folds' local features and the ensembles in the same way, and a plain
`dvc repro` does what is left. A GPU is busy with one member: there, that is all. What the stages
print goes to .dvc/tmp/at-once/<member or ensemble>.log.
"""

import argparse
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from pipeline import params, paths
from pipeline.data import tables
from pipeline.models import backbones
from pipeline.system import device, machine

REPRO = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro"]
MEMBER = ("train", "embed", "neighbours", "rerank")
ENSEMBLE = ("ensemble", "submission", "score")
LOGS = Path(".dvc/tmp/at-once")
TOLD = 20  # last lines of the log of what failed


def main(at_once: int) -> None:
    begun = time.monotonic()
    check_backbones(params.load())
    if not device.has_gpu():
        LOGS.mkdir(parents=True, exist_ok=True)
        subprocess.run([*REPRO, "keypoints", "folds", "pretrain"], check=True)
        p = params.load()
        members = [paths.member(name, fold) for name in p.backbones for fold in p.folds.trained]
        side_by_side("member", members, MEMBER, at_once)
        subprocess.run([*REPRO, "--single-item", "match", "weigh", "verify"], check=True)
        side_by_side("ensemble", list(p.ensembles), ENSEMBLE, at_once)
    subprocess.run(REPRO, check=True)
    seconds = round(time.monotonic() - begun)
    tables.replace(paths.LAST_BUILD, lambda part: part.write_text(str(seconds)))


def check_backbones(p: params.Params) -> None:
    """SystemExit where timm has no such network: `train` would say so, an hour later."""
    for name, backbone in p.backbones.items():
        try:
            backbones.check(backbone.timm_name)
        except ValueError as error:
            raise SystemExit(f"params.yaml, backbones.{name}.timm_name: {error}") from None


def side_by_side(kind: str, names: list[str], stages: tuple[str, ...], at_once: int) -> None:
    """Run the chain of stages of every name; a chain that fails stops no other, then the program.

    Raises SystemExit with the end of each failed chain's log.
    """
    with ThreadPoolExecutor(at_once) as pool:
        ended = pool.map(lambda name: chain(name, stages), names)
        faults = [fault for fault in tqdm(ended, f"{kind}s", len(names), unit=kind) if fault]
    if faults:
        raise SystemExit("\n\n".join(faults))


def chain(name: str, stages: tuple[str, ...]) -> str:
    """Bring one name's stages up to date; returns what to tell of a failure, "" where all is well.

    The stages are run one by one without what they share with others, which is up to date: DVC
    would lock that for a moment, and refuse the others.
    """
    log = LOGS / f"{name}.log"
    command = [*REPRO, "--single-item", *(f"{stage}@{name}" for stage in stages)]
    with log.open("w") as file:
        ended = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT)
    if ended.returncode == 0:
        return ""
    last = log.read_text(errors="replace").replace("\r", "\n").splitlines()[-TOLD:]
    return "\n".join([f"{name} failed ({log}):", *last])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at-once", type=int, default=machine.at_once())
    asked = parser.parse_args().at_once
    if asked < 1:
        parser.error(f"--at-once is {asked}: at least 1")
    main(asked)
