"""Photographs that are in memory together."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from pipeline.data import images
from pipeline.data.pixels_in_flight import PixelsInFlight, split_rows


def test_threads_wait_for_room():
    room = PixelsInFlight(100)
    first, second = threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as pool:

        def hold(pixels, started):
            with room.hold(pixels):
                started.set()
                assert room.held <= 100

        with room.hold(60):
            small = pool.submit(hold, 40, first)
            assert first.wait(5)
            large = pool.submit(hold, 50, second)
            small.result(5)
            assert not second.is_set() and room.held == 60
        large.result(5)
    assert second.is_set() and room.held == 0


def test_room_is_given_back_after_an_error_and_one_that_is_too_large_is_alone():
    room = PixelsInFlight(100)
    with pytest.raises(KeyError), room.hold(1000):
        assert room.held == 100
        raise KeyError
    assert room.held == 0


@pytest.mark.parametrize(
    ("pixels", "runs"),
    [
        ([], []),
        ([1] * 5, [(0, 3), (3, 5)]),
        ([6, 5, 5, 1], [(0, 1), (1, 3), (3, 4)]),
        ([20, 1, 20], [(0, 1), (1, 2), (2, 3)]),
        ([0, 0, 0, 0], [(0, 3), (3, 4)]),
    ],
)
def test_runs_of_rows(pixels, runs):
    assert [(run.start, run.stop) for run in split_rows(pixels, 3, 10)] == runs


@pytest.mark.fault(
    "photographs",
    "many large photographs decoded by many threads",
    "held in memory only as far as their pixels have room together",
)
def test_photographs_in_threads(tmp_path, monkeypatch):
    room = PixelsInFlight(2 * 40 * 30)
    monkeypatch.setattr(images, "IN_FLIGHT", room)
    for number in range(12):
        Image.fromarray(np.full((30, 40, 3), number, np.uint8)).save(tmp_path / f"{number}.png")

    def read(path):
        with images.open_rgb(path) as rgb:
            assert 0 < room.held <= room.limit
            return int(rgb[0, 0, 0])

    with ThreadPoolExecutor(6) as pool:
        read_values = list(pool.map(read, [tmp_path / f"{number}.png" for number in range(12)]))
    assert read_values == list(range(12)) and room.held == 0
