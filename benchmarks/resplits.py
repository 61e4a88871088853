"""Held-out scores compared with hidden ones: real photographs, split anew with several seeds.

    python -m benchmarks.resplits SOURCE FOLDER [--preset animals-cpu] [--seeds 3] [--new 0.1]
                    [--root SOURCE/train --path Image --identity Id --skip new_whale]

SOURCE holds photographs of known individuals, a folder or a CSV as for `tailprint import`, which
gets all other options. Each seed makes a competition of them
in FOLDER, whose test shows new individuals too (a fraction --new of all), and runs a clone of the
last commit with the preset to its leaderboard. `evaluation.new_whale_prior` is the fraction of new
individuals in that test, which the protocol takes as given. Finished seeds are not run again.
Prints what `benchmarks.seeds` prints.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from ruamel.yaml import YAML

from benchmarks.seeds import print_gaps, run_clone
from pipeline.data.solution import read_solution
from pipeline.data.tables import NEW_WHALE
from pipeline.params import Columns
from pipeline.params.merging import load_settings
from pipeline.params.presets import preset_path
from pipeline.system import children, clones


def main(
    context: typer.Context,
    source: Path,
    folder: Path,
    preset: str = "animals-cpu",
    seeds: int = 3,
    new: Annotated[float, typer.Option(help="fraction of new individuals in the test")] = 0.1,
) -> None:
    """Run a preset on several splits of labelled photographs, and compare both scores."""
    boards = []
    for seed in range(seeds):
        competition, clone = folder / f"seed-{seed}/photos", folder / f"seed-{seed}/run"
        if not competition.is_dir():
            split = ["--split", "open", "--new", str(new), "--seed", str(seed), *context.args]
            arguments = ["import", str(source), str(competition), *split]
            children.run_checked([sys.executable, "-m", "commands", *arguments], Path())
        if not clone.is_dir():
            clones.clone(clone, partial(set_up, preset=preset, competition=competition))
        boards.append(run_clone(clone).assign(seed=seed))
    print_gaps(folder, boards)


def set_up(part: Path, preset: str, competition: Path) -> None:
    """Give a clone the preset's settings and a competition with the prior of its own test."""
    competition = competition.resolve()
    yaml = YAML()
    values = load_settings(preset_path(preset, part / "presets"), yaml)
    values["competition"]["path"] = "data/competition"
    columns = Columns.model_validate(values["competition"]["columns"])
    values["evaluation"]["new_whale_prior"] = measure_prior(competition, columns)
    (part / "data/competition").symlink_to(competition)
    yaml.dump(values, part / "params.yaml")


def measure_prior(competition: Path, columns: Columns) -> float:
    """The fraction of new individuals among the photographs of a competition's test."""
    truth = read_solution(competition, columns)
    if truth is None:
        raise SystemExit(f"{competition} has no solution.csv: remove the folder to import it again")
    return round(float((truth["identity"] == NEW_WHALE).mean()), 4)


if __name__ == "__main__":
    app = typer.Typer()
    passed_on = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(context_settings=passed_on)(main)
    app()
