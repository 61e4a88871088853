"""Measuring both sides in turns, row by row."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.bench.rows import Row
from benchmarks.bench.sides import Side

MORE_IS_BETTER = ("views/s", "ratio")  # the beginnings of such units


@dataclass(frozen=True)
class Line:
    """One line of the table; NaN if a side has failed, with the reason."""

    row: str
    unit: str
    base: float = float("nan")
    here: float = float("nan")
    fault: str = ""

    @property
    def ratio(self) -> float:
        """Above 1: better than the base."""
        return self.here / self.base if is_rate(self.unit) else self.base / self.here


def is_rate(unit: str) -> bool:
    """Whether more is better."""
    return unit.startswith(MORE_IS_BETTER)


def compare(
    rows: Iterable[Row], sides: Sequence[Side], rounds: int, tell: Callable[[str], object]
) -> Iterator[Line]:
    """Measure every row on both sides (base, here); a row that fails loses no other."""
    for row in rows:
        try:
            yield from compare_row(row, sides, row.rounds or rounds, tell)
        except Exception as error:  # of a process, of its output, or of a missing file
            yield Line(row.name, "", fault=" ".join(str(error).split())[:300])


def compare_row(
    row: Row, sides: Sequence[Side], rounds: int, tell: Callable[[str], object]
) -> list[Line]:
    """Measure one row, the sides in turns, so that a change of the machine's load affects both.

    The best of all rounds counts: other work on the machine only makes a round worse.
    """
    found: list[dict[str, list[float]]] = [{}, {}]
    for number in range(rounds):
        for side, values in zip(sides, found, strict=True):
            tell(f"{row.name}, {side.name}, round {number + 1} of {rounds}")
            for unit, value in row.measure(side).items():
                values.setdefault(unit, []).append(value)
    return [
        Line(row.name, unit, find_best(unit, found[0][unit]), find_best(unit, found[1][unit]))
        for unit in found[0]
    ]


def find_best(unit: str, values: Sequence[float]) -> float:
    """The largest rate, or the fewest seconds."""
    return max(values) if is_rate(unit) else min(values)
