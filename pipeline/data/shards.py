"""Shards of a stage: consecutive photographs, or queries, that one worker gets at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path, PurePath

from pipeline.data import tables

PER_PLACE = 3  # shards for each that is worked on at once: the slowest worker holds up less
LEAST, MOST = 128, 2048  # photographs: a start takes seconds; a lost worker, the time of one shard
MOST_BYTES = 2**28  # of files: all that are worked on at once are in memory or sent
OUTSIDE = "outside"
PLAN = "plan.json"


@dataclass(frozen=True)
class Shard:
    """What a worker needs for one shard, and what it writes; all paths are in its own folder.

    arguments : of the stage's script
    shared : files that other shards need too, and where they lie here
    own : files of this shard alone, and where they lie here
    outs : files that it writes
    """

    arguments: Sequence[str]
    shared: Mapping[str, str]
    own: Mapping[str, str]
    outs: Sequence[str]


def write_plan(shards: Iterable[Shard], folder: Path) -> None:
    """Write the shards of a stage; those that take longest come first."""
    tables.write_json({"shards": [asdict(shard) for shard in shards]}, folder / PLAN)


def read_plan(folder: Path) -> list[Shard]:
    """Read what `write_plan` wrote."""
    return [Shard(**shard) for shard in tables.read_json(folder / PLAN)["shards"]]


def inputs(folder: Path, number: int) -> Path:
    """Where the files lie that are made for one shard."""
    return folder / "inputs" / f"{number:05}"


def results(folder: Path, number: int) -> Path:
    """Where the files lie that one shard wrote, by their paths on the worker."""
    return folder / "results" / f"{number:05}"


def list_results(folder: Path) -> list[Path]:
    """`results` of every shard, in their order."""
    return [results(folder, number) for number in range(len(read_plan(folder)))]


def choose_size(count: int, places: int) -> int:
    """How many of `count` rows a shard has, if `places` shards are worked on at once."""
    return min(MOST, max(LEAST, -(-count // (PER_PLACE * places))))


def split(runs: Sequence[range], size: int, weights: Sequence[int] | None = None) -> list[range]:
    """Join consecutive runs of rows to shards of at most `size` rows and MOST_BYTES.

    runs : that are not torn apart, so that one may be larger
    weights : bytes of each row
    """
    totals = [0, *accumulate(weights or ())]
    shards: list[range] = []
    for run in runs:
        joined = range(shards[-1].start, run.stop) if shards else run
        heavy = bool(weights) and totals[joined.stop] - totals[joined.start] > MOST_BYTES
        if shards and len(joined) <= size and not heavy:
            shards[-1] = joined
        else:
            shards.append(run)
    return shards


def name_files(files: Iterable[str]) -> dict[str, str]:
    """The path on the worker of each file of the project, or of elsewhere."""
    return {file: name_file(file, number) for number, file in enumerate(dict.fromkeys(files))}


def name_file(file: str, number: int) -> str:
    """A path in the project stays as it is; the number keeps others apart."""
    path = PurePath(file)
    if path.is_absolute() or ".." in path.parts:
        return f"{OUTSIDE}/{number}/{path.name}"
    return path.as_posix()


def keep_places(files: Iterable[Path]) -> dict[str, str]:
    """Files of the project that lie at the same place on the worker."""
    return {file.as_posix(): file.as_posix() for file in files}


def list_own(folder: Path, names: Mapping[str, str]) -> dict[str, str]:
    """The files of one shard: those of a folder, made for it at their places, and those of `names`.

    names : `name_files`
    """
    made = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    own = {path.relative_to(folder).as_posix(): str(path) for path in made}
    return own | {name: file for file, name in names.items()}
