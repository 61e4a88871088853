"""Work on many image files at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tqdm import tqdm

from pipeline.system import machine

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_threads(
    function: Callable[[Item], Result], items: Sequence[Item], label: str
) -> list[Result]:
    """Apply `function` to all items, in order, with a progress bar.

    Threads help since OpenCV releases the GIL while it decodes.
    """
    with ThreadPoolExecutor(machine.count_cores()) as pool:
        return list(tqdm(pool.map(function, items), label, len(items), disable=None))
