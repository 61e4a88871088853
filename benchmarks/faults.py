"""Try every fault that a test is marked with, and write the table of outcomes.

    make faults, or python -m benchmarks.faults

A test says which fault it tries, and the right outcome, by the mark `fault(area, fault, outcome)`;
one that tries a fault hundreds of times is marked `slow` too, and runs here only. The table goes to
docs/results/faults.md; the exit code is 1 if an outcome is wrong.
"""

import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline.evaluation import docs_tables

PAGE = Path("docs/results/faults.md")
COLUMNS = ["area", "fault", "outcome"]


class Outcomes:
    """A pytest plugin that collects the outcome of every test with the mark `fault`."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # a test that fails to set up has no phase "call"
        if report.when != "call" and report.passed:
            return
        for kind, mark in report.user_properties:
            if kind == "fault":
                self.rows.append({**dict(zip(COLUMNS, mark, strict=True)), "right": report.passed})

    def summarise(self) -> pd.DataFrame:
        """One row per fault: how often it was tried, and how often the outcome was right."""
        table = pd.DataFrame(self.rows, columns=[*COLUMNS, "right"])
        table["right"] = table["right"].astype(int)
        counts = table.groupby(COLUMNS)["right"].agg(["size", "sum"])
        return counts.set_axis(["tried", "right"], axis=1).reset_index()


def format_markdown(table: pd.DataFrame) -> str:
    """The table as the page has it."""
    lines = ["| area | fault | right outcome | tried | right |", "|---|---|---|---|---|"]
    rows = table.itertuples(index=False)
    lines += [
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows
    ]
    return "\n".join(lines)


def main() -> int:
    outcomes = Outcomes()
    arguments = ["-q", "-m", "fault", "-n", "auto", "--dist", "loadgroup", "tests"]
    status = pytest.main(arguments, plugins=[outcomes])
    table = outcomes.summarise()
    print(table.to_string(index=False))
    docs_tables.replace_table(PAGE, "faults", format_markdown(table))
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
