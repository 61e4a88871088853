"""The threads of one step: one per core, each computing alone."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import cv2

from pipeline.system import machine

cv2.setNumThreads(0)  # its threads would compete with ours


@contextmanager
def start_workers(prepare: Callable[[], None] | None = None) -> Iterator[ThreadPoolExecutor]:
    """Start a pool with one thread per core, in each of which torch uses that thread alone.

    Small products gain little from several threads, which wait for each other after every one; and
    so their number changes no digit. A program that has not imported torch goes without it.

    prepare : called in each thread first
    """
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 1
    if torch:
        torch.set_num_threads(1)  # of every thread that is yet to be started, too
    try:
        with ThreadPoolExecutor(machine.count_cores(), initializer=prepare) as pool:
            yield pool
    finally:
        if torch:
            torch.set_num_threads(threads)
