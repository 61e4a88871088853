"""The machine and the network decide precision and workers."""

import json
import shutil
from dataclasses import asdict

import pytest
import torch
from timm.layers import Conv2dSame
from torch import nn

from pipeline.models.depthwise import replace_depthwise
from pipeline.system import device, machine, ranks
from pipeline.system.errors import UserError

PLAIN = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=2))
DEPTHWISE = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=8))


def set_machine(monkeypatch, gpu: bool, gpu_bf16: bool = False, cpu_bf16: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: gpu_bf16)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: cpu_bf16)


def test_depthwise_convolutions_are_slow_if_the_first_is_trained():
    assert device.has_slow_depthwise(DEPTHWISE) and not device.has_slow_depthwise(PLAIN)
    assert not device.has_slow_depthwise(nn.Conv2d(1, 4, 3))  # one input channel: not depthwise
    network = nn.Sequential(*(nn.Conv2d(4, 4, 3, groups=4) for _ in range(3)))
    replace_depthwise(network, Conv2dSame)
    assert device.has_slow_depthwise(network)
    network[0].requires_grad_(False)
    assert not device.has_slow_depthwise(network)


def test_trained_depthwise_convolutions_with_gradients_of_pytorch_are_slow():
    network = nn.Sequential(*(nn.Conv2d(4, 4, 3, groups=4, dilation=2) for _ in range(2)))
    replace_depthwise(network, Conv2dSame)  # none, because of the dilation
    network[0].requires_grad_(False)
    assert device.has_slow_depthwise(network)
    network.requires_grad_(False)
    assert not device.has_slow_depthwise(network)


def test_half_precision_on_a_cpu_needs_hardware_and_full_convolutions(monkeypatch):
    set_machine(monkeypatch, gpu=False, cpu_bf16=True)
    assert device.is_half_precision_faster(PLAIN) and not device.is_half_precision_faster(DEPTHWISE)
    set_machine(monkeypatch, gpu=False, cpu_bf16=False)
    assert not device.is_half_precision_faster(PLAIN)


def test_half_precision_on_a_gpu_needs_hardware(monkeypatch):
    set_machine(monkeypatch, gpu=True, gpu_bf16=True)
    assert device.is_half_precision_faster(DEPTHWISE)
    set_machine(monkeypatch, gpu=True, gpu_bf16=False, cpu_bf16=True)
    assert not device.is_half_precision_faster(PLAIN)


@pytest.mark.parametrize("gpu, apple, expected", [
    (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu"),
])  # fmt: skip
def test_what_computes_alone_takes_the_gpu(monkeypatch, gpu, apple, expected):
    set_machine(monkeypatch, gpu=gpu)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: apple)
    assert device.find_device().type == expected


@pytest.mark.parametrize(
    "gpu, bf16, capability, cpu_bf16, expected",
    [
        (True, True, (9, 0), False, "bf16-mixed"),  # H100
        (True, False, (7, 5), True, "16-mixed"),  # T4
        (True, False, (6, 1), True, "32-true"),  # no tensor cores
        (False, False, (0, 0), True, "bf16-mixed"),
        (False, False, (0, 0), False, "32-true"),
    ],
)
def test_the_precision_is_the_fastest_of_the_machine(  # noqa: PLR0913
    gpu, bf16, capability, cpu_bf16, expected, monkeypatch
):
    set_machine(monkeypatch, gpu, bf16, cpu_bf16)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert device.choose_precision(PLAIN) == expected


def be_one_of(monkeypatch, count: int) -> None:
    """Make this process the first of several that train a member."""
    monkeypatch.setenv(ranks.RANK, json.dumps(asdict(ranks.Rank(0, count, 1, "failure"))))
    monkeypatch.setenv(ranks.LOCAL_RANK, "0")


def test_several_gpus_share_the_cores(monkeypatch):
    """Two members at a time on four GPUs each, of 16 cores."""
    set_machine(monkeypatch, gpu=True)
    monkeypatch.setattr(machine, "count_cores", lambda: 16)
    be_one_of(monkeypatch, 4)
    assert device.count_workers() == 3
    monkeypatch.setenv(device.AT_ONCE, "2")
    assert device.count_workers() == 1


def test_a_process_has_one_device_unless_it_is_one_of_several(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv(device.DEVICES, "2")
    assert device.build_fabric(PLAIN).world_size == 1
    be_one_of(monkeypatch, 2)
    assert device.build_fabric(PLAIN).world_size == 2


def set_gpus(monkeypatch, count: int) -> None:
    set_machine(monkeypatch, gpu=count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)


def test_one_device_is_the_default(monkeypatch):
    set_gpus(monkeypatch, 4)
    monkeypatch.delenv(device.DEVICES, raising=False)
    assert device.count_devices() == 1
    monkeypatch.setenv(device.DEVICES, "4")
    assert device.count_devices() == 4


@pytest.mark.parametrize("text, message", [
    ("5", "TAILPRINT_DEVICES is 5, but the number of GPUs here is 4"),
    ("0", "TAILPRINT_DEVICES is '0': set it to a number"),
    ("two", "TAILPRINT_DEVICES is 'two'"),
    ("-1", "TAILPRINT_DEVICES is '-1'"),
    ("", "TAILPRINT_DEVICES is ''"),
])  # fmt: skip
def test_other_numbers_of_devices_are_refused(text, message, monkeypatch):
    set_gpus(monkeypatch, 4)
    monkeypatch.setenv(device.DEVICES, text)
    with pytest.raises(UserError, match=message):
        device.count_devices()


def test_a_cpu_has_as_many_processes_as_it_is_given(monkeypatch):
    set_gpus(monkeypatch, 0)
    monkeypatch.setenv(device.DEVICES, "5")
    assert device.count_devices() == 5


@pytest.mark.parametrize("gpus, visible, each, most, expected", [
    (1, None, 1, None, ["0"]),
    (3, None, 1, None, ["0", "1", "2"]),
    (3, None, 1, 2, ["0", "1"]),
    (3, None, 1, 9, ["0", "1", "2"]),
    (3, None, 2, None, ["0,1"]),  # the last is left
    (4, None, 2, None, ["0,1", "2,3"]),
    (2, "5, 7", 1, None, ["5", "7"]),
    (2, "GPU-a,GPU-b,GPU-c", 1, None, ["GPU-a", "GPU-b"]),  # CUDA found two of them
    (2, "", 1, None, ["0", "1"]),
])  # fmt: skip
def test_each_member_has_gpus_of_its_own(  # noqa: PLR0913
    gpus, visible, each, most, expected, monkeypatch
):
    set_gpus(monkeypatch, gpus)
    monkeypatch.setenv(device.DEVICES, str(each))
    monkeypatch.delenv(device.VISIBLE, raising=False)
    if visible is not None:
        monkeypatch.setenv(device.VISIBLE, visible)
    places = device.divide_gpus(most)
    assert [place[device.VISIBLE] for place in places] == expected
    assert {place[device.AT_ONCE] for place in places} == {str(len(expected))}


@pytest.mark.parametrize("gpu, cores, expected", [
    (False, 1, 1), (False, 2, 1), (False, 16, 4), (True, 1, 1), (True, 4, 3), (True, 64, 63),
])  # fmt: skip
def test_a_gpu_has_loaders_on_all_cores_but_one_a_cpu_one_per_thread(
    monkeypatch, gpu, cores, expected
):
    set_machine(monkeypatch, gpu=gpu)
    monkeypatch.setattr(machine, "count_cores", lambda: cores)
    assert device.count_workers() == expected


@pytest.mark.fault(
    "interruptions",
    "shared memory (/dev/shm) too small for the processes that prepare batches",
    "fewer processes or none, and a line that names the way to more; no bus error",
)
@pytest.mark.parametrize(
    "free, expected", [(1200, 4), (1199, 3), (640, 2), (599, 1), (299, 0), (0, 0)]
)
def test_batches_have_room_in_the_shared_memory(free, expected, monkeypatch, tmp_path, caplog):
    """One stage of two has half of it; a worker holds three batches of 50 bytes."""
    set_machine(monkeypatch, gpu=False)
    monkeypatch.setattr(device, "SHARED_MEMORY", tmp_path)
    monkeypatch.setattr(machine, "count_parallel_stages", lambda: 2)
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert device.fit_workers(4, 50) == min(expected, 4)
    assert ("docker run --shm-size=2g" in caplog.text) == (expected < 4)


def test_a_machine_without_shared_memory_has_no_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(device, "SHARED_MEMORY", tmp_path / "absent")
    assert device.fit_workers(4, 50) == 4
