"""Work in threads: the order of the items, whatever their number and that of the cores."""

import pytest

from pipeline.system import machine, threads


@pytest.mark.parametrize("cores", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 13, 500])
def test_results_are_in_the_order_of_the_items(cores, count, monkeypatch):
    monkeypatch.setattr(machine, "count_cores", lambda: cores)
    assert threads.map_in_threads(lambda n: n * n, range(count), "") == [
        n * n for n in range(count)
    ]


def test_an_error_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        threads.map_in_threads(lambda n: 1 // n, [2, 1, 0, 1], "")
