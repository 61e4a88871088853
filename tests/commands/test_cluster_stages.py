"""Which stages travel, what goes with them and what they ask for."""

import shutil
from pathlib import Path

import pytest

from commands import cluster_stages
from commands.cluster_requests import Request, travels
from commands.cluster_stages import Needs, build_load, build_shard_load
from pipeline import params
from pipeline.data.shards import Shard
from pipeline.system import machine
from pipeline.system.errors import UserError
from tests.conftest import ROOT

CPU = {"CPU": 8.0, "memory": 16e9}
GPU = {"CPU": 16.0, "GPU": 4.0, "memory": 64e9}
ALONE = Needs(3, 0, 10**9)
TRAIN = Request("train@lite0-1", "python -m stages.train lite0 1", ["data/crops.npy"], ["model"])


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    shutil.copy(ROOT / "tests/params.yaml", tmp_path / "params.yaml")
    (tmp_path / "data/work/deep").mkdir(parents=True)
    (tmp_path / "data/crops.npy").write_text("crops")
    (tmp_path / "data/work/deep/a.csv").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(machine, "count_threads", lambda: 3)
    return tmp_path


def choose_needs(name, size, workers):
    return cluster_stages.choose_needs(name, size, workers, params.load())


def test_members_shards_and_blends_travel_and_the_others_do_not():
    stages = ("train@a-0", "embed@a-0", "neighbours@a-0", "rerank@a-0", "ensemble@best")
    assert all(map(travels, (*stages, "crop", "keypoints", "match")))
    assert not any(map(travels, ("dedup", "report@best", "pretrain@a")))


def test_a_job_has_the_data_the_settings_and_the_threads_but_no_code():
    request = Request(
        TRAIN.name, TRAIN.command, ["data/work", "stages/train.py", *TRAIN.deps], TRAIN.outs
    )
    load = build_load(request, params.load(), ALONE)
    job = load.job
    assert list(job.inputs) == ["params.yaml", "data/work/deep/a.csv", "data/crops.npy"]
    assert job.inputs["data/crops.npy"] == "055735916875c77f5ec78b9b114fa729"
    assert list(job.arguments) == ["-m", "stages.train", "lite0", "1"]
    assert job.environment["OMP_NUM_THREADS"] == "3"
    assert job.environment["CUDA_VISIBLE_DEVICES"] == ""
    assert load.files[job.inputs["data/crops.npy"]] == "data/crops.npy"
    assert load.size == len("crops") + Path("params.yaml").stat().st_size
    with_gpu = build_load(request, params.load(), Needs(3, 1, 10**9))
    assert "CUDA_VISIBLE_DEVICES" not in with_gpu.job.environment


def test_a_shard_has_its_own_files_which_a_worker_does_not_keep(project):
    (project / "masks.npy").write_text("masks")
    shared, own = {"index": "data/crops.npy"}, {"data/crops.npy": "masks.npy"}
    shard = Shard(["queries"], shared, own, ["found"])
    load = build_shard_load("match@2-of-8", shard, Needs(2, 0, 10**9))
    job = load.job
    assert list(job.arguments) == ["-m", "stages.shards.match", "compute", "queries"]
    assert list(job.inputs) == ["params.yaml", "index", "data/crops.npy"]
    assert [load.files[job.inputs[path]] for path in ("index", "data/crops.npy")] == [
        "data/crops.npy",
        "masks.npy",
    ]
    assert job.passing == ["data/crops.npy"] and job.cores == 2
    assert {"stages/shards/match.py", "stages/shards/__init__.py"} <= set(job.code)


def test_an_input_that_has_changed_has_another_hash(project):
    before = cluster_stages.find_hash("data/crops.npy")
    (project / "data/crops.npy").write_text("other crops")
    assert cluster_stages.find_hash("data/crops.npy") != before


def test_the_code_of_a_stage_is_all_that_it_imports():
    code = cluster_stages.hash_code("train")
    assert {"stages/train.py", "stages/__init__.py", "pipeline/paths.py"} <= set(code)
    assert "pipeline/training/loop.py" in code and "pipeline/training/loop.py" not in (
        cluster_stages.hash_code("neighbours")
    )
    assert all((ROOT / path).is_file() for path in code)
    assert not any(path.startswith("commands/") for path in code)


def test_the_packages_are_the_pins_that_are_installed():
    packages = cluster_stages.list_packages()
    assert packages[0] == "python"
    assert {"torch", "faiss", "numpy", "timm"} <= set(packages)
    assert len(packages) == len(set(packages))


def test_weights_that_params_yaml_names_travel_with_the_member(project):
    (project / "net.pth").touch()
    p = params.load()
    p.backbones["lite0"] = p.backbones["lite0"].model_copy(update={"weights": "net.pth"})
    assert cluster_stages.list_weights(TRAIN, p) == ["net.pth"]
    other = Request("neighbours@lite0-1", "", [], [])
    assert cluster_stages.list_weights(other, p) == []
    assert cluster_stages.list_weights(Request("train@regnet-1", "", [], []), p) == []
    outside = str(project / "net.pth")
    p.backbones["lite0"] = p.backbones["lite0"].model_copy(update={"weights": outside})
    with pytest.raises(UserError, match="copy it into the project's folder"):
        cluster_stages.list_weights(TRAIN, p)


def test_a_command_that_is_not_the_stages_own_is_refused():
    request = Request("train@a-0", "bash train.sh", [], [])
    with pytest.raises(UserError, match="train@a-0: its command in dvc.yaml is not python -m"):
        build_load(request, params.load(), ALONE)


def test_a_stage_asks_for_a_gpu_where_there_is_one_and_it_uses_one():
    base, size = cluster_stages.BASE_MEMORY, 10**9
    assert choose_needs("train@a-0", size, [CPU]) == Needs(3, 0, base + 2 * size)
    # each of the four GPUs has its part of the cores
    assert choose_needs("train@a-0", size, [CPU, GPU]) == Needs(4, 1, base + 2 * size)
    assert choose_needs("neighbours@a-0", size, [CPU, GPU]) == Needs(3, 0, base + 2 * size)
    assert choose_needs("train@a-0", size, []) == Needs(3, 0, base + 2 * size)


def test_a_shard_asks_for_cores_that_every_worker_has():
    base = cluster_stages.BASE_MEMORY
    assert choose_needs("keypoints@1-of-9", 0, [CPU, GPU]) == Needs(4, 0, base)
    small, none = {"CPU": 2.0, "memory": 16e9}, {"memory": 16e9}
    assert choose_needs("keypoints@1-of-9", 0, [CPU, small, none]) == Needs(2, 0, base)
    # the U-Net's; SIFT has none
    assert choose_needs("crop@1-of-9", 0, [CPU, GPU]) == Needs(4, 1, base)


def test_a_stage_asks_for_no_more_memory_than_the_largest_worker_has():
    assert choose_needs("train@a-0", 10**12, [CPU, {"CPU": 1.0, "memory": 4e9}]).memory == 16e9


@pytest.mark.parametrize(
    ("needs", "fits"),
    [
        (Needs(8, 0, 10**9), True),
        (Needs(9, 0, 10**9), False),
        (Needs(1, 1, 10**9), False),
        (Needs(1, 0, 17 * 10**9), False),
    ],
)
def test_a_worker_has_room_or_not(needs, fits):
    assert needs.fit(CPU) == fits


def test_the_data_of_a_folder_that_does_not_exist_is_nothing():
    request = Request("ensemble@best", "", ["data/none"], [])
    assert cluster_stages.list_inputs(request, params.load()) == ["params.yaml"]
    assert not Path("data/none").exists()
