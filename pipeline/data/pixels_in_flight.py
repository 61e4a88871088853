"""How many pixels are in memory at once, whatever the size of the photographs."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pipeline.data.image_header import MAX_PIXELS


class PixelsInFlight:
    """Lets threads decode photographs as long as all of them together fit into a limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, pixels: int) -> Iterator[None]:
        """Wait until so many pixels are free, and hold them; one thread never holds twice."""
        pixels = min(pixels, self.limit)
        with self._changed:
            self._changed.wait_for(lambda: self.held + pixels <= self.limit)
            self.held += pixels
        try:
            yield
        finally:
            with self._changed:
                self.held -= pixels
                self._changed.notify_all()


IN_FLIGHT = PixelsInFlight(MAX_PIXELS)


def split_rows(pixels: Sequence[int], most: int, limit: int) -> list[range]:
    """Split rows into runs of at most `most` rows, and `limit` pixels unless one row has more."""
    runs: list[range] = []
    start, held = 0, 0
    for row, count in enumerate(pixels):
        if row > start and (row - start == most or held + count > limit):
            runs.append(range(start, row))
            start, held = row, 0
        held += count
    return [*runs, range(start, len(pixels))] if len(pixels) else runs
