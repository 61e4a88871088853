"""Held-out scores compared with hidden ones: the whole demo at several seeds.

    python -m benchmarks.seeds FOLDER [--seeds 5]

Each seed is a clone of the last commit in FOLDER, with another demo competition, run to its
leaderboard (twenty minutes on two cores). A finished seed is not run again, so that an interrupted
benchmark continues. Prints, for each ensemble, the mean over the seeds of held-out,
public, private and hidden MAP@5 and of the gap, hidden - held out, with a 95 % interval.
"""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import typer

from pipeline.evaluation.confidence import half_width
from pipeline.system import children, clones

SCORES = ["held_out_map5", "public", "private", "hidden"]


def main(folder: Path, seeds: int = 5) -> None:
    """Run the whole demo at several seeds, and compare held-out scores with hidden ones."""
    boards = [run_seed(folder / f"seed-{seed}", seed).assign(seed=seed) for seed in range(seeds)]
    print_gaps(folder, boards)


def print_gaps(folder: Path, boards: list[pd.DataFrame]) -> None:
    """Print the leaderboards of several seeds (column seed), and each ensemble's mean gap."""
    table = pd.concat(boards, ignore_index=True)
    if table["commit"].nunique() > 1:
        raise SystemExit(f"{folder} has runs of several commits: {set(table['commit'])}")
    table["gap"] = table["hidden"] - table["held_out_map5"]
    print(table[["seed", "ensemble", *SCORES, "gap"]].to_string(index=False), end="\n\n")
    for ensemble, rows in table.groupby("ensemble", sort=False):
        means = "  ".join(f"{score} {rows[score].mean():.3f}" for score in SCORES)
        print(f"{ensemble:<12} {means}  gap {format_interval(rows['gap'].to_numpy())}")


def run_seed(clone: Path, seed: int) -> pd.DataFrame:
    """The leaderboard of one seed's clone."""
    if not clone.is_dir():
        clones.clone(clone, lambda part: set_demo_seed(part / "params.yaml", seed))
    return run_clone(clone)


def run_clone(clone: Path) -> pd.DataFrame:
    """The leaderboard of a clone; its settings are run if it has none yet."""
    board = clone / "submissions/board.csv"
    if not board.is_file():
        history = clone / "submissions/leaderboard.csv"
        history.unlink(missing_ok=True)
        for command in ("run", "leaderboard"):
            children.run_checked([sys.executable, "-m", "commands", command], clone)
        history.rename(board)
    return pd.read_csv(board)


def set_demo_seed(params: Path, seed: int) -> None:
    """Write the demo's seed into a params file; raises SystemExit if it has no demo.seed."""
    text, count = re.subn(r"(\ndemo:\n  seed: )\d+", rf"\g<1>{seed}", params.read_text())
    if count != 1:
        raise SystemExit(f"{params}: no demo.seed as the first key of demo")
    params.write_text(text)


def format_interval(values: np.ndarray) -> str:
    """Mean and 95 % interval of the mean (Student's t) as a phrase."""
    if len(values) < 2:
        return f"{values.mean():+.3f}"
    half = half_width(values)
    return f"{values.mean():+.3f} ({values.mean() - half:+.3f} to {values.mean() + half:+.3f})"


if __name__ == "__main__":
    typer.run(main)
