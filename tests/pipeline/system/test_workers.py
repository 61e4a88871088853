"""Threads that compute alone."""

import subprocess
import sys
import threading

import pytest
import torch

from pipeline.system import machine
from pipeline.system.workers import start_workers
from tests.conftest import ROOT


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_torch_uses_one_thread_in_each_and_as_many_as_before_elsewhere(three_threads):
    with start_workers() as pool:
        assert set(pool.map(lambda _: torch.get_num_threads(), range(8))) == {1}
    assert torch.get_num_threads() == 3


def test_the_number_of_threads_returns_after_an_error(three_threads):
    with pytest.raises(KeyError), start_workers():
        raise KeyError
    assert torch.get_num_threads() == 3


def test_each_thread_is_prepared_once(monkeypatch):
    monkeypatch.setattr(machine, "count_cores", lambda: 2)
    prepared = []
    together = threading.Barrier(2)
    with start_workers(lambda: prepared.append(threading.get_ident())) as pool:
        # both threads must be there for either to go on
        used = set(pool.map(lambda _: together.wait(timeout=30) * 0 + threading.get_ident(), "ab"))
    assert sorted(prepared) == sorted(used)


def test_a_program_without_torch_stays_without_it():
    program = (
        "import sys\n"
        "from pipeline.system.workers import start_workers\n"
        "with start_workers() as pool:\n"
        "    assert list(pool.map(len, ['ab'])) == [2]\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
