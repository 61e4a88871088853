"""A stage in shards, with a stand-in for the cluster and for the stage's script."""

import sys
from pathlib import Path

import pytest

from commands import cluster_shards
from commands.cluster_requests import Request
from commands.cluster_stages import Needs
from commands.cluster_task import STORE
from tests.conftest import ROOT

REQUEST = Request("keypoints", "python -m stages.keypoints", [], ["out"])
FOLDER = STORE / "shards/keypoints"
# rows, one for each shard; what the shards wrote is joined by spaces
SCRIPT = """
import sys
from pathlib import Path
from pipeline.data import shards
from pipeline.data.shards import Shard
step, folder = sys.argv[1], Path(sys.argv[2])
count = int(Path("rows").read_text())
print(step, *sys.argv[3:], flush=True)
if step == "begin":
    for number in range(count):
        path = shards.inputs(folder, number) / "row"
        path.parent.mkdir(parents=True)
        path.write_text(str(number))
    own = (shards.list_own(shards.inputs(folder, number), {}) for number in range(count))
    shards.write_plan((Shard([], {}, files, ["out"]) for files in own), folder)
else:
    parts = [(place / "out").read_text() for place in shards.list_results(folder)]
    Path("out").write_text(" ".join(parts))
"""


class FakeCluster:
    """Runs a shard at once: it squares its row; `failing` names those that fail."""

    def __init__(self, failing=()):
        self.failing, self.ran = failing, []

    def choose_needs(self, name, size):
        return Needs(2, 0, 10**9)

    def count_places(self, name):
        return 2

    def check_room(self, name, needs, write):
        pass

    def run_load(self, load, root, write):
        self.ran.append(load.job.name)
        write("thinking\n")
        if load.job.name in self.failing:
            return 3
        row = Path(load.files[load.job.inputs["row"]]).read_text()
        root.mkdir(parents=True)
        (root / "out").write_text(str(int(row) ** 2))
        return 0


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    (tmp_path / "stages/shards").mkdir(parents=True)
    for folder in ("stages", "stages/shards"):
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "stages/shards/keypoints.py").write_text(SCRIPT)
    (tmp_path / "params.yaml").touch()
    (tmp_path / "rows").write_text("5")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # of `pipeline`
    return tmp_path


def run(cluster):
    log = []
    return cluster_shards.run(cluster, REQUEST, log.append), "".join(log)


def test_what_the_shards_wrote_is_joined_in_their_order(project):
    code, log = run(cluster := FakeCluster())
    assert code == 0, log
    assert (project / "out").read_text() == "0 1 4 9 16"
    assert sorted(cluster.ran) == [f"keypoints@{number}-of-5" for number in range(1, 6)]
    done = [f"keypoints: {number} of 5 shards" for number in range(1, 6)]
    assert log.splitlines() == ["begin 2 cpu", *done, "join"]
    assert not FOLDER.exists()


@pytest.mark.fault(
    "interruptions",
    "the program is killed while a cluster runs a stage in shards",
    "the same command runs the shards that had not ended",
)
def test_shards_that_have_ended_are_not_run_again(project):
    code, log = run(FakeCluster(failing=["keypoints@4-of-5"]))
    assert code == 3 and "thinking" in log and not (project / "out").exists()
    code, _ = run(cluster := FakeCluster())
    assert code == 0 and (project / "out").read_text() == "0 1 4 9 16"
    assert set(cluster.ran) <= {"keypoints@4-of-5", "keypoints@5-of-5"}


def test_a_shard_whose_input_has_changed_is_run_again(project):
    run(FakeCluster(failing=["keypoints@5-of-5"]))
    (project / "stages/shards/keypoints.py").write_text(SCRIPT.replace("str(number)", "'7'"))
    code, _ = run(cluster := FakeCluster())
    assert code == 0 and len(cluster.ran) == 5
    assert (project / "out").read_text() == "49 49 49 49 49"


def test_without_shards_the_stage_is_left_to_the_head(project):
    (project / "rows").write_text("0")
    code, log = run(FakeCluster())
    assert (code, log) == (None, "begin 2 cpu\n") and not FOLDER.exists()


def test_a_script_that_fails_ends_the_stage(project):
    (project / "rows").unlink()
    code, log = run(cluster := FakeCluster())
    assert code == 1 and "FileNotFoundError" in log and not cluster.ran


def test_the_scripts_are_run_by_this_python(project):
    (project / "stages/shards/keypoints.py").write_text("import sys; print(sys.executable)")
    log = []
    assert cluster_shards.run_here("keypoints", [], log.append) == 0
    assert log == [f"{sys.executable}\n"]
