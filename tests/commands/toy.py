"""A project of quick stages, run by the program's own code, to be interrupted."""

import contextlib
import hashlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.conftest import ROOT

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
SIDE = ("a", "b")  # stages that run side by side
ROWS = 500

STAGE = f"""
import hashlib, subprocess, sys, time
from pathlib import Path
from pipeline.system import files

# a worker that would outlive its stage
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
time.sleep(float(sys.argv[1]))
source, out = Path(sys.argv[2]), Path(sys.argv[3])
rows = [hashlib.sha256(f"{{source.read_text()}}{{row}}".encode()) for row in range({ROWS})]
files.replace(out, lambda part: part.write_text("\\n".join(row.hexdigest() for row in rows)))
worker.kill()
"""
RUN = f"""
from commands import dvc_runs, turns
from pipeline.system import errors
errors.print_user_errors()
with turns.take_turn():
    dvc_runs.prepare()
    dvc_runs.LOGS.mkdir(parents=True, exist_ok=True)
    dvc_runs.run_chains("member", dict.fromkeys({SIDE}, ["side"]), [{{}}, {{}}])
    dvc_runs.run_dvc()
"""


@dataclass(frozen=True)
class Toy:
    """A chain of stages behind two that run side by side.

    code : files that each stage depends on; they make dvc.lock as large as the real one
    """

    root: Path
    stages: int = 5
    code: int = 20
    seconds: float = 0.05  # of each stage

    @property
    def lock(self) -> Path:
        return self.root / "dvc.lock"

    def make(self) -> "Toy":
        """Make the repository."""
        for name in ("pipeline", "commands", ".dvc/config", ".dvcignore", ".gitignore"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, self.root / name)
        (self.root / "stages").mkdir()
        shutil.copy(ROOT / "stages/__init__.py", self.root / "stages/__init__.py")
        texts = {"stages/toy.py": STAGE, "tailprint": RUN, "begin.txt": "begin\n"}
        texts |= {f"code{number}.py": f"{number}\n" for number in range(self.code)}
        for name, text in texts.items():
            (self.root / name).write_text(text)
        self.write_stages()
        subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)
        return self

    def write_stages(self) -> None:
        """Write dvc.yaml."""
        code = "".join(f"      - code{number}.py\n" for number in range(self.code))
        text = "stages:\n"
        for name, (source, out) in self.files().items():
            text += f"  {name}:\n"
            text += "    matrix:\n      name: [a, b]\n" if name == "side" else ""
            text += f"    cmd: python -m stages.toy {self.seconds} {source} {out}\n"
            text += f"    deps:\n      - {source}\n{code}    outs:\n      - {out}\n"
        (self.root / "dvc.yaml").write_text(text)

    def files(self) -> dict[str, tuple[str, str]]:
        """The input and the output of every stage of dvc.yaml, in their order."""
        outs = ["data/work/a.csv", *(f"data/work/{number}.csv" for number in range(self.stages))]
        files = {"side": ("begin.txt", "data/work/${item.name}.csv")}
        for number, pair in enumerate(itertools.pairwise(outs)):
            files[f"step{number}"] = pair
        return files

    def expected(self) -> dict[str, str]:
        """What an uninterrupted run writes, by the file's name."""
        text = hash_rows((self.root / "begin.txt").read_text())
        results = {"a.csv": text, "b.csv": text}
        for number in range(self.stages):
            results[f"{number}.csv"] = text = hash_rows(text)
        return results

    def results(self) -> dict[str, str]:
        """What the stages have written, half-written files too."""
        return {file.name: file.read_text() for file in (self.root / "data/work").iterdir()}

    def start(self) -> subprocess.Popen:
        """Start the run as the leader of a group, as a shell does."""
        return subprocess.Popen(
            [sys.executable, "tailprint"],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(self.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )

    def survivors(self) -> list[str]:
        """The commands of the processes that work in the project."""
        return [" ".join(process.cmdline()) for process in find_processes(self.root)]


def hash_rows(text: str) -> str:
    """What a stage writes whose source has this text."""
    rows = [hashlib.sha256(f"{text}{row}".encode()).hexdigest() for row in range(ROWS)]
    return "\n".join(rows)


def find_processes(folder: Path) -> list[psutil.Process]:
    """The living processes whose current folder it is."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def wait_until(is_true: Callable[[], object], seconds: float = 30) -> bool:
    """Whether it became true in time."""
    end = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
