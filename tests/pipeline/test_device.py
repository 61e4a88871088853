"""Precision and workers are decided by what the machine and the network are."""

import torch
from torch import nn

from pipeline import device

PLAIN = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=2))
DEPTHWISE = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=8))


def machine(monkeypatch, gpu: bool, gpu_bf16: bool = False, amx: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: gpu_bf16)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)


def test_depthwise():
    assert device.has_depthwise(DEPTHWISE) and not device.has_depthwise(PLAIN)
    assert not device.has_depthwise(nn.Conv2d(1, 4, 3))  # one plane in is no sign of it


def test_half_precision_on_a_cpu_wants_amx_and_full_convolutions(monkeypatch):
    machine(monkeypatch, gpu=False, amx=True)
    assert device.half_precision_pays(PLAIN) and not device.half_precision_pays(DEPTHWISE)
    machine(monkeypatch, gpu=False, amx=False)
    assert not device.half_precision_pays(PLAIN)


def test_half_precision_on_a_gpu_wants_hardware_for_it(monkeypatch):
    machine(monkeypatch, gpu=True, gpu_bf16=True)
    assert device.half_precision_pays(DEPTHWISE)
    machine(monkeypatch, gpu=True, gpu_bf16=False, amx=True)
    assert not device.half_precision_pays(PLAIN)


def test_one_device_unless_asked_for_more(monkeypatch):
    monkeypatch.delenv(device.DEVICES, raising=False)
    assert device.fabric(PLAIN).world_size == 1
    monkeypatch.setenv(device.DEVICES, "2")
    assert device.fabric(PLAIN, devices=1).world_size == 1
    assert device.fabric(PLAIN).world_size == 2


def test_workers_leave_a_core_to_the_network(monkeypatch):
    for cores, expected in [(1, 1), (2, 1), (4, 3), (64, 8)]:
        monkeypatch.setattr(device.os, "sched_getaffinity", lambda _, n=cores: set(range(n)))
        assert device.workers() == expected
