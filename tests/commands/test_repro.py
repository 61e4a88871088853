"""Several members at once: who is asked for what, and what a failure says."""

import sys

import pytest

from commands import repro
from pipeline.system import device
from tests.conftest import ROOT

# stands for `dvc repro`: tells what it was asked for; with a file `fail`, mobilenet-1 fails
DVC = """
import os, sys
print(*sys.argv[1:])
sys.exit(os.path.exists("fail") and "mobilenet-1" in sys.argv[-1])
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(repro, "REPRO", [sys.executable, "-c", DVC])
    monkeypatch.setattr(device, "has_gpu", lambda: False)
    return tmp_path


def test_each_chain_is_asked_for_by_itself_between_what_is_shared_and_what_is_left(capfd):
    repro.main(at_once=3)
    assert (
        capfd.readouterr().out == "keypoints folds pretrain\n--single-item match weigh verify\n\n"
    )
    logs = {path.stem: path.read_text() for path in repro.LOGS.iterdir()}
    assert len(logs) == 3 * 3 + 3
    member = " ".join(f"{stage}@lite0-1" for stage in ("train", "embed", "neighbours", "rerank"))
    assert logs["lite0-1"] == f"--single-item {member}\n"
    ensemble = " ".join(f"{stage}@best" for stage in ("ensemble", "submission", "score"))
    assert logs["best"] == f"--single-item {ensemble}\n"


def test_a_member_that_fails_stops_no_other_member_but_the_ensembles(project):
    (project / "fail").touch()
    with pytest.raises(SystemExit, match="mobilenet-1 failed .*mobilenet-1.log.:\n--single"):
        repro.main(at_once=9)
    assert len(list(repro.LOGS.iterdir())) == 9 and (repro.LOGS / "mobilenet-2.log").is_file()


def test_a_backbone_that_timm_lacks_is_told_before_anything_runs(project, capfd):
    path = project / "params.yaml"
    path.write_text(path.read_text().replace("tf_efficientnet_lite0", "tf_efficientnet_light0", 1))
    with pytest.raises(SystemExit, match=r"backbones\.lite0\.timm_name: timm knows no .*light0"):
        repro.main(at_once=1)
    assert capfd.readouterr().out == "" and not repro.LOGS.exists()


def test_a_gpu_is_left_to_one_member(monkeypatch, capfd):
    monkeypatch.setattr(device, "has_gpu", lambda: True)
    repro.main(at_once=2)
    assert capfd.readouterr().out == "\n"
    assert not repro.LOGS.exists()
