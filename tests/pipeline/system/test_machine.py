"""How cores are divided among stages that run at the same time."""

import ctypes
import os

import pytest

from pipeline.system import machine


@pytest.mark.parametrize(
    "cores, stages, threads",
    [(1, 2, 1), (2, 2, 1), (3, 2, 1), (4, 2, 2), (6, 3, 2), (8, 4, 2), (64, 4, 16)],
)
def test_stages_and_threads_by_cores(monkeypatch, cores, stages, threads):
    monkeypatch.setattr(machine, "count_cores", lambda: cores)
    assert (machine.count_parallel_stages(), machine.count_threads()) == (stages, threads)


def test_only_the_allowed_cores_count(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    assert machine.count_cores() == 3


def test_all_cores_count_if_the_system_sets_no_limit(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.count_cores() == 1


def test_the_users_number_of_threads_is_kept(monkeypatch):
    monkeypatch.setattr(machine, "keep_memory", lambda: None)
    monkeypatch.setattr(machine, "count_cores", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    machine.limit_threads()
    assert (os.environ["OMP_NUM_THREADS"], os.environ["OMP_WAIT_POLICY"]) == ("7", "PASSIVE")
    monkeypatch.delenv("OMP_NUM_THREADS")
    machine.limit_threads()
    assert os.environ["OMP_NUM_THREADS"] == "2"


def test_without_glibc_memory_settings_stay(monkeypatch):
    def missing(name: str):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    machine.keep_memory()


def test_with_glibc_freed_memory_is_kept(monkeypatch):
    calls = []
    library = type("Library", (), {"mallopt": lambda self, *arguments: calls.append(arguments)})
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library())
    machine.keep_memory()
    assert [name for name, _ in calls] == [-4, -1, -2]
    assert calls[0] == (machine.M_MMAP_MAX, 0)
