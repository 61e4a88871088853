"""The comparison as a whole: both sides, their projects, all rows, the table."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import chain, table
from benchmarks.bench.comparison import Line, compare
from benchmarks.bench.rows import build_rows
from benchmarks.bench.sides import Side, check_out, make_side, share_photographs
from pipeline.system import git
from pipeline.system.errors import UserError

ROOT = Path(__file__).parents[2]
FOLDER = Path("benchmarks/bench")
TEST = 0.3  # fraction of the photographs
ON_REQUEST = ("make",)
NO_PHOTOGRAPHS = {"start", "views", "make"}


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    photographs: int
    steps: int
    rounds: int


def bench(
    base: str, words: Sequence[str], sizes: Sizes, tell: Callable[[str], object]
) -> Iterator[Line]:
    """Compare a commit with this checkout; without words, all rows that this machine can measure.

    Yields the lines of a row when it has been measured.

    Raises UserError for an unknown word or commit.
    """
    rows = build_rows(sizes.steps)
    if unknown := set(words) - rows.keys():
        raise UserError(f"there are no rows {sorted(unknown)}: choose from {list(rows)}")
    missing = {*ON_REQUEST, *([] if table.name_gpu() else ["gpu"])}
    words = words or [word for word in rows if word not in missing]
    chosen = [row for word in rows if word in words for row in rows[word]]
    with open_sides(base, sizes.photographs) as sides:
        if set(words) - NO_PHOTOGRAPHS:
            tell(f"{sizes.photographs} photographs are drawn")
            share_photographs(*sides)
        yield from compare(chosen, sides, sizes.rounds, tell)


@contextmanager
def open_sides(base: str, photographs: int) -> Iterator[tuple[Side, Side]]:
    """The base's side and this checkout's, in a temporary folder."""
    test = round(TEST * photographs)
    demo = {"train_images": photographs - test, "test_images": test}
    changes = {"demo": demo, **chain.CHANGES}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with check_out(base, ROOT, folder / "tree") as tree:
            commits = git.current_commit(tree), git.current_commit(ROOT)
            yield (
                make_side("base", commits[0], tree, folder / "base", changes),
                make_side("here", commits[1], ROOT, folder / "here", changes),
            )
