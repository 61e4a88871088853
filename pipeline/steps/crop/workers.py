"""The threads that crop photographs: one per core, each computing alone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import cv2
import torch

from pipeline.system import machine

cv2.setNumThreads(0)  # its threads would compete with ours


@contextmanager
def start_workers() -> Iterator[ThreadPoolExecutor]:
    """Start a pool with one thread per core, in each of which torch uses that thread alone.

    A network this small gains little from several threads for one batch, which wait for each other
    after every layer; and so their number changes no digit.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # of every thread that is yet to be started, too
    try:
        with ThreadPoolExecutor(machine.count_cores()) as pool:
            yield pool
    finally:
        torch.set_num_threads(threads)
