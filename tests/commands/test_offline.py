"""The recipe for a machine without a network, as a Kaggle kernel (docs/guide/kaggle.md).

`make test-offline` runs it: packages are installed from a folder of wheels alone, the competition
lies on a disk that is mounted to be read only, and there is no network.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.stages import tiny

pytestmark = pytest.mark.offline
WHEELS = Path(os.environ.get("WHEELS", ROOT / "wheels"))
# in namespaces of its own: of the network there is a loopback device, which is down
APART = ["unshare", "--map-root-user", "--net", "--mount", "sh", "-euc"]
READ_ONLY = 'mount --bind "$INPUT" "$INPUT" && mount -o remount,bind,ro "$INPUT"\n'
INSTALL = """
if touch "$INPUT/x" 2> /dev/null; then exit 9; fi
pip install --quiet --no-index --find-links "$INPUT/wheels" "tailprint[$VARIANT,photographs]"
"""
RUN = """
cp -r "$INPUT/tailprint" "$WORKING" && cd "$WORKING/tailprint"
ln -s "$INPUT/competition" data/competition
tailprint preset tiny && tailprint run
cp submissions/card.csv "$WORKING/submission.csv"
"""


@pytest.fixture
def machine() -> Iterator[dict[str, str]]:
    """The environment of a machine with a dataset of wheels and code, and a competition."""
    if subprocess.run([*APART, "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare can't cut off the network here")
    with tempfile.TemporaryDirectory() as name:  # gigabytes of packages, which pytest would keep
        folder = Path(name)
        given, working, home = (folder / name for name in ("input", "working", "home"))
        for path in (given / "tailprint", working, home):
            path.mkdir(parents=True)
        (given / "wheels").symlink_to(WHEELS)
        archive = subprocess.run(
            ["git", "archive", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True
        )
        subprocess.run(["tar", "x"], cwd=given / "tailprint", input=archive.stdout, check=True)
        tiny.write_params(given / "tailprint/presets/tiny.yaml")
        tiny.draw_competition(given / "competition")
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        yield {
            "PATH": f"{folder / 'venv/bin'}:{os.environ['PATH']}",
            "HOME": str(home),
            "PIP_CONFIG_FILE": os.devnull,
            "INPUT": str(given),
            "WORKING": str(working),
            "VARIANT": "gpu" if list(WHEELS.glob("faiss_gpu*.whl")) else "cpu",
        }


def run_apart(script: str, machine: dict[str, str]) -> None:
    done = subprocess.run([*APART, READ_ONLY + script], env=machine, check=False)
    assert done.returncode == 0


def test_a_kernel_without_a_network_answers_a_competition(machine):
    """From the installation to the submission; nothing is written where the input lies."""
    given, working = Path(machine["INPUT"]), Path(machine["WORKING"])
    before = list_files(given)
    run_apart(INSTALL, machine)
    run_apart(RUN, machine)
    answers = pd.read_csv(working / "submission.csv")
    sample = pd.read_csv(given / "competition/sample_submission.csv")
    assert answers["Image"].tolist() == sample["Image"].tolist()
    assert list_files(given) == before


def list_files(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}
