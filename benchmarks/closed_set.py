"""The published closed-set question, asked of a preset: who is it, of the animals that are known?

    python -m commands.import_folder SOURCE FOLDER/photos
    python -m benchmarks.closed_set FOLDER [--preset animals-cpu]

Runs the preset in FOLDER/run, a clone of the last commit, on the competition that `import_folder`
made, without `new_whale` in any answer. Prints each ensemble's top-1, top-5 and MAP@5 on the test
photographs, with 95 % intervals by individual. A run that is done is only scored again. The
published rows that it stands beside: `results/` of
https://github.com/WildlifeDatasets/wildlife-tools (one nearest neighbour, all training photographs
as gallery).
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import typer
from ruamel.yaml import YAML

from pipeline import params, paths
from pipeline.data import solution, submission_file
from pipeline.evaluation import metrics, protocol
from pipeline.params import load_settings
from pipeline.steps.score.score import weighted_mean_statistic
from pipeline.system import clones

NO_STRANGERS = 0.01  # the prior of new individuals: the held-out ones hardly count


def main(folder: Path, preset: str = "animals-cpu") -> None:
    """Run a preset on the photographs of FOLDER as a closed set, and score it."""
    clone = folder / "run"
    if not (folder / "photos/solution.csv").is_file():
        raise SystemExit(f"{folder}/photos has no solution.csv: make it with import_folder")
    kept = folder / "preset"
    if not Path(f"presets/{preset}.yaml").is_file():
        raise SystemExit(f"there is no presets/{preset}.yaml")
    if not clone.is_dir():
        kept.write_text(preset)
        prepare(clone, preset)
    if kept.read_text() != preset:
        raise SystemExit(f"{clone} is a run of {kept.read_text()}: take another folder")
    subprocess.run([sys.executable, "-m", "commands", "run"], cwd=clone, check=True)
    p = params.load(clone / "params.yaml")
    truth = solution.read_solution(folder / "photos", p.competition.columns)
    for name in p.ensembles:
        table = submission_file.read(
            clone / paths.submission(name), p.competition.columns.new_whale
        )
        print(name, scored(table.merge(truth, on="image", validate="one_to_one"), p.evaluation))


def prepare(clone: Path, preset: str) -> None:
    """Clone the last commit beside the photographs, with the preset changed for a closed set."""

    def set_up(part: Path) -> None:
        (part / "data/competition").symlink_to("../../photos")
        yaml = YAML()
        values = load_settings(part / f"presets/{preset}.yaml", yaml)
        values["competition"]["path"] = "data/competition"
        values["evaluation"]["new_whale_prior"] = NO_STRANGERS
        for recipe in values["ensembles"].values():
            recipe["new_whale"]["method"] = "never"
        yaml.dump(values, part / "params.yaml")

    clones.clone(clone, set_up)


def scored(table: pd.DataFrame, settings: params.Evaluation) -> str:
    """The printed line, of columns identity (the truth) and ranking."""
    hits = metrics.hits_by_rank(table["identity"].tolist(), table["ranking"].tolist())
    scores = {
        "top1": hits[:, 0],
        "top5": hits.sum(axis=1),
        "map5": metrics.precision_at_5(table["identity"].tolist(), table["ranking"].tolist()),
    }
    phrases = []
    for name, values in scores.items():
        drawn = protocol.bootstrap(
            weighted_mean_statistic(values, np.ones(len(values))),
            table["identity"],
            settings.bootstrap,
            settings.seed,
        )
        low, high = protocol.percentile_interval(drawn)
        phrases.append(f"{name} {values.mean():.3f} ({low:.3f} to {high:.3f})")
    return ", ".join([*phrases, f"{len(table)} photographs"])


if __name__ == "__main__":
    typer.run(main)
