"""Several members at a time: which stages are run in which order, and what a failure prints."""

import sys

import pytest

from commands import dvc_runs, reproduction
from pipeline import params
from pipeline.system import device, files
from pipeline.system.errors import UserError
from tests.conftest import ROOT

# stands for `dvc repro`: prints its arguments; with a file `fail`, mobilenet-1 fails
DVC = """
import os, sys
print(*sys.argv[1:])
sys.exit(os.path.exists("fail") and "mobilenet-1" in sys.argv[-1])
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    for folder in (".dvc", ".git"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dvc_runs, "REPRO", [sys.executable, "-c", DVC])
    monkeypatch.setattr(device, "has_gpu", lambda: False)
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
    with pytest.raises(UserError, match=r"backbones\.lite0 .*timm knows no .*light0"):
        reproduction.reproduce(at_once=1)
    assert capfd.readouterr().out == "" and not dvc_runs.LOGS.exists()


def test_on_a_gpu_members_are_run_one_by_one(monkeypatch, capfd):
    monkeypatch.setattr(device, "has_gpu", lambda: True)
    reproduction.reproduce(at_once=2)
    assert capfd.readouterr().out == "\n"
    assert not dvc_runs.LOGS.exists()


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
        dvc_runs.run_chains("member", {"a": ["train"]}, 1)


def test_outside_of_a_project_the_message_says_so(project):
    (project / ".dvc").rmdir()
    with pytest.raises(UserError, match="no folder .dvc here: change to a project's folder"):
        reproduction.reproduce(at_once=1)
