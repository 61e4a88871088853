"""Several members at a time: which stages are run in which order, and what a failure prints."""

import sys

import pytest

from commands import dvc_runs, reproduction
from pipeline import params
from pipeline.system import device, files, machine
from pipeline.system.errors import UserError
from tests.conftest import ROOT

# stands for `dvc repro`: prints its arguments; with a file `fail`, mobilenet-1 fails
DVC = """
import os, sys
print(*sys.argv[1:])
sys.exit(os.path.exists("fail") and "mobilenet-1" in sys.argv[-1])
"""

# stands for `dvc repro` of a chain: holds its GPU for a moment
GPU_USER = """
import os, sys, time
from pathlib import Path
if "--single-item" in sys.argv and "match" not in sys.argv:
    gpu = os.environ["CUDA_VISIBLE_DEVICES"]
    Path("uses").mkdir(exist_ok=True)
    try:
        Path("gpu" + gpu).touch(exist_ok=False)
    except FileExistsError:
        Path("shared").touch()
    name = sys.argv[-1].rpartition("@")[2]
    Path("uses", name).write_text(gpu + " of " + os.environ["TAILPRINT_AT_ONCE"])
    time.sleep(0.1)
    Path("gpu" + gpu).unlink()
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    for folder in (".dvc", ".git"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dvc_runs, "REPRO", [sys.executable, "-c", DVC])
    monkeypatch.setattr(device, "has_gpu", lambda: False)
    monkeypatch.delenv(device.DEVICES, raising=False)
    monkeypatch.delenv(device.VISIBLE, raising=False)
    return tmp_path


def test_chains_are_run_by_themselves_after_shared_stages_and_before_the_rest(capfd):
    reproduction.reproduce(at_once=3)
    assert (
        capfd.readouterr().out == "keypoints folds pretrain\n--single-item match weigh verify\n\n"
    )
    logs = {path.stem: path.read_text() for path in dvc_runs.LOGS.iterdir()}
    assert len(logs) == 3 * 3 + 3
    member = " ".join(f"{stage}@lite0-1" for stage in ("train", "embed", "neighbours", "rerank"))
    assert logs["lite0-1"] == f"--single-item {member}\n"
    ensemble = " ".join(f"{stage}@best" for stage in ("ensemble", "submission", "score", "report"))
    assert logs["best"] == f"--single-item {ensemble}\n"
    assert logs["card"] == f"--single-item {ensemble.replace('best', 'card').rpartition(' ')[0]}\n"


def test_ensembles_with_a_report_come_first():
    p = params.load()
    p = p.model_copy(update={"report": p.report.model_copy(update={"html": ["card"]})})
    assert list(reproduction.list_ensemble_stages(p)) == ["card", "single", "best"]


def test_a_member_that_fails_stops_no_other_member_but_the_ensembles(project):
    (project / "fail").touch()
    with pytest.raises(UserError, match="mobilenet-1 failed .*mobilenet-1.log.:\n--single"):
        reproduction.reproduce(at_once=9)
    assert len(list(dvc_runs.LOGS.iterdir())) == 9 and (dvc_runs.LOGS / "mobilenet-2.log").is_file()


def test_a_backbone_that_timm_lacks_is_reported_before_anything_runs(project, capfd):
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("tf_efficientnet_lite0", "tf_efficientnet_light0", 1))
    with pytest.raises(UserError, match=r"backbones\.lite0 .*timm has no network .*light0"):
        reproduction.reproduce(at_once=1)
    assert capfd.readouterr().out == "" and not dvc_runs.LOGS.exists()


def test_on_a_gpu_members_are_run_one_by_one(monkeypatch, capfd):
    set_gpus(monkeypatch, 1)
    reproduction.reproduce(at_once=2)
    assert capfd.readouterr().out == "\n"
    assert not dvc_runs.LOGS.exists()


def set_gpus(monkeypatch, count: int) -> None:
    monkeypatch.setattr(device, "has_gpu", lambda: count > 0)
    monkeypatch.setattr(device, "count_gpus", lambda: count)


def test_on_several_gpus_each_member_has_its_own(monkeypatch, tmp_path):
    """Members that overlap note which GPU is theirs; none is used by two at the same time."""
    monkeypatch.setattr(dvc_runs, "REPRO", [sys.executable, "-c", GPU_USER])
    monkeypatch.setattr(reproduction, "check_networks_once", lambda p, path: None)
    set_gpus(monkeypatch, 3)
    reproduction.reproduce(at_once=None)
    uses = [path.read_text() for path in (tmp_path / "uses").iterdir()]
    assert len(uses) == 3 * 3 + 3 and set(uses) <= {"0 of 3", "1 of 3", "2 of 3"}
    assert len(set(uses)) > 1
    assert not (tmp_path / "shared").exists()


def test_as_many_members_as_the_machine_has_room_for(monkeypatch):
    monkeypatch.setattr(machine, "count_parallel_stages", lambda: 4)
    assert reproduction.find_places(None) == [{}] * 4
    assert reproduction.find_places(3) == [{}] * 3
    monkeypatch.setenv(device.DEVICES, "2")
    assert reproduction.find_places(None) == [{}] * 2
    set_gpus(monkeypatch, 8)
    assert [place[device.VISIBLE] for place in reproduction.find_places(None)] == [
        *("0,1", "2,3", "4,5", "6,7")
    ]
    assert [place[device.VISIBLE] for place in reproduction.find_places(1)] == ["0,1"]


@pytest.mark.fault(
    "interruptions",
    "more GPUs for a member than the machine has (TAILPRINT_DEVICES)",
    "both numbers, before anything runs",
)
def test_more_gpus_than_there_are_are_refused_before_anything_runs(monkeypatch, capfd):
    set_gpus(monkeypatch, 2)
    monkeypatch.setenv(device.DEVICES, "3")
    with pytest.raises(UserError, match="TAILPRINT_DEVICES is 3, but the number of GPUs here is 2"):
        reproduction.reproduce(at_once=None)
    assert capfd.readouterr().out == ""


def test_a_failure_of_dvc_itself_is_reported(monkeypatch):
    monkeypatch.setattr(dvc_runs, "REPRO", [sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(UserError, match="dvc repro failed: see above"):
        reproduction.reproduce(at_once=1)


@pytest.mark.fault(
    "interruptions",
    "a disk that fills up while DVC copies or links an output",
    "a line with the way out below DVC's own",
)
def test_a_full_disk_is_named_after_dvcs_own_words(monkeypatch):
    monkeypatch.setattr(dvc_runs, "REPRO", [sys.executable, "-c", "raise SystemExit(1)"])
    monkeypatch.setattr(files, "has_no_space", lambda folder: True)
    with pytest.raises(UserError, match="no space is left on the disk: make room"):
        dvc_runs.run_dvc()
    dvc_runs.LOGS.mkdir(parents=True)
    with pytest.raises(UserError, match=r"a failed \(.*a\.log\):\nno space is left on the disk"):
        dvc_runs.run_chains("member", {"a": ["train"]}, [{}])


def test_outside_of_a_project_the_message_says_so(project):
    (project / ".dvc").rmdir()
    with pytest.raises(UserError, match="no folder .dvc here: change to a project's folder"):
        reproduction.reproduce(at_once=1)
