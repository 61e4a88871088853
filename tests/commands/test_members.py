"""Several members at once: who is asked for what, with how many threads, what a failure says."""

import sys

import pytest
import torch

from commands import members
from pipeline import device
from tests.conftest import ROOT

# stands for `dvc repro`: tells what it was asked for; mobilenet-1 fails
DVC = """
import os, sys
print(os.environ.get("OMP_NUM_THREADS"), *sys.argv[1:])
sys.exit("mobilenet-1" in sys.argv[-1])
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text((ROOT / "tests/params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(members, "REPRO", [sys.executable, "-c", DVC])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(device, "cores", lambda: 6)


def test_every_member_is_asked_for_by_itself_and_one_that_fails_stops_no_other(capfd):
    with pytest.raises(SystemExit, match="mobilenet-1 failed .*mobilenet-1.log.:\n2 --single"):
        members.main(at_once=3)
    assert capfd.readouterr().out.endswith("crop folds\n")  # what they share, first
    logs = {path.stem: path.read_text() for path in members.LOGS.iterdir()}
    assert len(logs) == 9 and "regnet-2" in logs
    asked = " ".join(f"{stage}@lite0-1" for stage in ("train", "embed", "neighbours", "rerank"))
    assert logs["lite0-1"] == f"2 --single-item {asked}\n"


def test_there_is_at_least_one_thread(tmp_path):
    with pytest.raises(SystemExit):
        members.main(at_once=9)
    assert (members.LOGS / "lite0-0.log").read_text().startswith("1 --single-item")


def test_a_gpu_is_left_to_one_member(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    members.main(at_once=2)
    assert "there is a GPU" in capsys.readouterr().out
    assert not members.LOGS.exists()
