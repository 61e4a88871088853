"""Work on many photographs at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tqdm import tqdm

from pipeline.system import machine

Item = TypeVar("Item")
Result = TypeVar("Result")

RUN = 16  # items that a thread takes at once: handing over each would take as long as a small JPEG


def map_in_threads(
    function: Callable[[Item], Result], items: Sequence[Item], label: str
) -> list[Result]:
    """Apply `function` to all items, in order, with a progress bar.

    Threads help since OpenCV releases the GIL while it decodes.
    """
    cores = machine.count_cores()
    size = max(1, min(RUN, len(items) // (4 * cores)))
    runs = [items[start : start + size] for start in range(0, len(items), size)]
    results: list[Result] = []
    with (
        ThreadPoolExecutor(cores) as pool,
        tqdm(desc=label, total=len(items), disable=None) as progress,
    ):
        for run in pool.map(lambda run: list(map(function, run)), runs):
            results += run
            progress.update(len(run))
    return results
