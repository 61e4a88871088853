"""A stage of DVC's that the program is to have run by a worker of a cluster.

DVC decides what is stale, in a process for every member. The program has one connection to Ray for
all of them, so that a file that several members read is stored once.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Client
from typing import Any

SOCKET = "TAILPRINT_CLUSTER"  # of the program, in the environment of DVC's processes
ON_GPU = ("train", "embed", "rerank")
SHARDED = ("crop", "keypoints", "match")
# the others take seconds
TRAVEL = (*ON_GPU, *SHARDED, "neighbours", "ensemble")


@dataclass(frozen=True)
class Request:
    """A stage that DVC wants to have run: its name, command, and files from the project's root."""

    name: str
    command: str
    deps: Sequence[str]
    outs: Sequence[str]

    @property
    def stage(self) -> str:
        """The stage's word, without the member's or ensemble's name."""
        return self.name.partition("@")[0]


def travels(name: str) -> bool:
    """Whether a stage runs on a worker: "train@lite0-0" does, "report@best" does not."""
    return name.partition("@")[0] in TRAVEL


def ask(request: Request) -> int | None:
    """Have the program run a stage on workers; prints its log, and returns its exit code.

    None if there is nothing to split. Raises EOFError if the program has ended.
    """
    with Client(os.environ[SOCKET]) as connection:
        connection.send_bytes(json.dumps(vars(request)).encode())
        while "code" not in (reply := json.loads(connection.recv_bytes())):
            sys.stdout.write(reply["log"])
            sys.stdout.flush()
        return reply["code"]


def run_on_workers(run: Callable[..., None]) -> Callable[..., None]:
    """DVC's function that runs a stage's command, but on a worker for the stages that travel."""
    from dvc.stage.exceptions import StageCmdFailedError

    def run_anywhere(stage: Any, dry: bool = False, run_env: Any = None) -> None:  # noqa: ANN401
        if dry or not travels(stage.addressing):
            run(stage, dry=dry, run_env=run_env)
            return
        deps = [dep.def_path for dep in stage.deps if type(dep).__name__ == "Dependency"]
        outs = [out.def_path for out in stage.outs]
        print(f"Running stage '{stage.addressing}' on a worker:", flush=True)
        code = ask(Request(stage.addressing, stage.cmd, deps, outs))
        if code is None:
            run(stage, dry=dry, run_env=run_env)
        elif code:
            raise StageCmdFailedError(stage.cmd, code)

    return run_anywhere
