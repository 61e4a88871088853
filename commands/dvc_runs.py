"""Runs of DVC that may be interrupted at any moment: what comes before them, and how they end."""

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tqdm import tqdm

from commands import checkout, leftovers, lockfile
from pipeline.system import children, errors, files
from pipeline.system.errors import UserError

REPRO = [sys.executable, "-m", "commands.dvc_program", "--wait-for-lock", "repro"]
LOCKS = (Path(lockfile.LOCK), Path("data/demo", lockfile.LOCK))
LOGS = Path(".dvc/tmp/at-once")
LAST_LINES = 20  # of the log of a failure, that are printed


def prepare() -> None:
    """Clear the way of what an interrupted run has left."""
    checkout.allow_no_git()
    leftovers.wait_for_others()
    leftovers.clear()
    for lock in LOCKS:
        lockfile.mend(lock)


def run_dvc(*arguments: str) -> None:
    """Run `dvc repro` with these arguments. Raises UserError if it fails: it prints the reason."""
    while children.run([*REPRO, *arguments]):
        if not leftovers.wait_for_others():
            raise UserError(explain_failure() or "dvc repro failed: see above")


def run_chains(
    kind: str, chains: Mapping[str, Sequence[str]], places: Sequence[Mapping[str, str]]
) -> None:
    """Run the chain of stages of every name; a chain that fails stops no other.

    places : variables of the environment (which GPU) of each of the chains that run at once

    Raises UserError at the end, with the last lines of each failed chain's log.
    """
    free: SimpleQueue[Mapping[str, str]] = SimpleQueue()
    for place in places:
        free.put(place)

    def run_next(name: str) -> str:
        place = free.get()
        try:
            return run_chain(name, chains[name], place)
        finally:
            free.put(place)

    with ThreadPoolExecutor(len(places)) as pool:
        results = pool.map(run_next, chains)
        faults = [fault for fault in tqdm(results, f"{kind}s", len(chains), unit=kind) if fault]
    if faults:
        raise UserError("\n\n".join(faults))


def run_chain(name: str, stages: Sequence[str], place: Mapping[str, str]) -> str:
    """Bring one name's stages up to date; returns the message of a failure, or "".

    The stages are run one by one without those that they share with others, which are up to date:
    DVC would lock those for a moment, and refuse the others.
    """
    log = LOGS / f"{name}.log"
    command = [*REPRO, "--single-item", *(f"{stage}@{name}" for stage in stages)]
    code = 1
    while code:
        with log.open("w") as file:
            code = children.run(command, output=file, extra=place)
        if code and not leftovers.wait_for_others():
            last = log.read_text(errors="replace").replace("\r", "\n").splitlines()[-LAST_LINES:]
            return "\n".join([f"{name} failed ({log}):", *last, explain_failure()]).rstrip()
    return ""


def explain_failure() -> str:
    """The fault and the way out if it is the disk's; "" otherwise: DVC has said what it is."""
    return errors.FULL.format("") if files.has_no_space(Path()) else ""
