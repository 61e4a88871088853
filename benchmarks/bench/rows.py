"""The rows of the comparison: what is measured, and in which unit."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.bench import steps
from benchmarks.bench.chain import require_before, run_in_chain
from benchmarks.bench.sides import FORMER, Side, check_out
from benchmarks.bench.usage import Usage, run

WALL, CPU, RATE = "s wall clock", "s CPU", "views/s of one core's CPU"
STARTS = ("labels", "submission", "score", "embed", "train")
STAGES = ("competition", "dedup", "labels", "crop", "keypoints", "embed", "match")
CROPS = ((256, 512), (224, 256))  # height and width
VIEWS = 300  # that are counted for a rate

Measure = Callable[[Side], dict[str, float]]


@dataclass(frozen=True)
class Row:
    """One thing to measure on both sides: numbers by their unit."""

    name: str
    measure: Measure
    rounds: int | None = None  # None: as many as asked


def build_rows(count: int) -> dict[str, list[Row]]:
    """The rows by the word that chooses them; `count` steps of training are timed."""
    rates = {f"views, {h} x {w}": partial(count_views, (h, w)) for h, w in CROPS}
    gpu = {f"training step, {name}": partial(steps.train_on_gpu, name, count) for name in steps.GPU}
    return {
        "start": [Row(f"start of {stage}", partial(start, stage)) for stage in STARTS],
        "views": [Row(name, measure) for name, measure in rates.items()],
        **{stage: [Row(stage, partial(time_stage, stage))] for stage in STAGES},
        "step": [Row("training step, demo", partial(steps.train, count), rounds=1)],
        "gpu": [Row(name, measure, rounds=1) for name, measure in gpu.items()],
        "make": [Row("make of the demo", make_demo, rounds=1)],
    }


def start(stage: str, side: Side) -> dict[str, float]:
    """The start of a stage: its imports."""
    code = f"import stages.{side.word_of(stage)}"
    return list_seconds(run([sys.executable, "-c", code], side.project))


def count_views(size: tuple[int, int], side: Side) -> dict[str, float]:
    """The rate at which one core makes training views."""
    script = Path(__file__).with_name("views.py")
    numbers = [str(number) for number in (*size, VIEWS)]
    return {RATE: float(run([sys.executable, str(script), *numbers], side.project).output)}


def time_stage(stage: str, side: Side) -> dict[str, float]:
    """A stage, after those that it needs."""
    require_before(stage, side)
    return list_seconds(run_in_chain(stage, side))


def make_demo(side: Side) -> dict[str, float]:
    """The whole demo, with the settings and sizes of the side's commit."""
    former = side.word_of("report") == FORMER["report"]
    program = ["commands.repro"] if former else ["commands", "run"]
    with check_out(side.commit, side.code, side.project.with_name(f"{side.name}-make")) as folder:
        return list_seconds(run([sys.executable, "-m", *program], folder))


def list_seconds(usage: Usage) -> dict[str, float]:
    """Both clocks."""
    return {WALL: usage.wall, CPU: usage.cpu}
