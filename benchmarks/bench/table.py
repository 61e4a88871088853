"""The table of a comparison: on the terminal, and as a CSV file."""

import csv
import io
import math
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import psutil

from benchmarks.bench.comparison import Line
from pipeline.system import files, machine

COLUMNS = ["row", "unit", "base", "here", "ratio", "base_commit", "commit", "machine", "versions"]
LIBRARIES = ("torch", "numpy", "opencv-python-headless", "faiss-cpu", "faiss-gpu", "dvc")
PROCESSORS = Path("/proc/cpuinfo")


def render(lines: Sequence[Line]) -> str:
    """The table in columns, and the reason of every row that failed."""
    cells = [["", *COLUMNS[1:5]]]
    cells += [
        [line.row, line.unit, *map(write_number, (line.base, line.here, line.ratio))]
        for line in lines
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join([*rows, *(f"{line.row}: {line.fault}" for line in lines if line.fault)])


def write_number(value: float) -> str:
    """Three digits; "" for what was not measured."""
    return "" if math.isnan(value) else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def write_csv(lines: Sequence[Line], commits: tuple[str, str], path: Path) -> None:
    """Write the lines; a row that failed has empty numbers.

    Lines of a table that is there already stay, unless their row was measured again.

    commits : of the base and of this checkout
    """
    same = [*commits, describe_machine(), describe_versions()]
    numbers = [map(write_number, (line.base, line.here, line.ratio)) for line in lines]
    new = [[line.row, line.unit, *three, *same] for line, three in zip(lines, numbers, strict=True)]
    measured = {line.row for line in lines}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([*(line for line in read_csv(path) if line[0] not in measured), *new])
    files.replace(path, lambda part: part.write_text(text.getvalue(), encoding="utf-8"))


def read_csv(path: Path) -> list[list[str]]:
    """The lines of a table; none if there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def describe_machine() -> str:
    """Processor, cores, memory and GPU; neither the host's name nor a path."""
    gigabytes = round(psutil.virtual_memory().total / 2**30)
    cores = machine.count_cores()
    return f"{name_processor()}, {cores} cores, {gigabytes} GB, {name_gpu() or 'no GPU'}"


def name_processor() -> str:
    """The processor's model, as Linux or Python knows it."""
    text = PROCESSORS.read_text() if PROCESSORS.is_file() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return models[0] if models else platform.processor() or platform.machine()


def name_gpu() -> str:
    """The GPU that torch would use; "" without one."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


def describe_versions() -> str:
    """Python's version and those of the libraries that decide the speed."""
    installed = {found.metadata["Name"]: found.version for found in metadata.distributions()}
    names = [f"{name} {installed[name]}" for name in LIBRARIES if name in installed]
    return "; ".join([f"Python {platform.python_version()}", *names])
