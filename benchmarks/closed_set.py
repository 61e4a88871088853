"""The published closed-set task, identifying known animals, with a preset.

    tailprint import SOURCE FOLDER/photos
    python -m benchmarks.closed_set FOLDER [--preset animals-cpu]

Runs the preset in FOLDER/run, a clone of the last commit, on the imported competition, without
`new_whale` in any prediction. Prints top-1, top-5 and MAP@5 of each ensemble on the test
photographs, with 95 % intervals by individual. A finished run is only scored again. The published
rows to compare with: `results/` of
https://github.com/WildlifeDatasets/wildlife-tools (one nearest neighbour, all training photographs
as gallery).
"""

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
from pipeline.system import children, clones

CLOSED_PRIOR = 0.01  # of new individuals: the held-out ones hardly count


def main(folder: Path, preset: str = "animals-cpu") -> None:
    """Run a preset on the photographs of FOLDER as a closed set, and score it."""
    clone = folder / "run"
    if not (folder / "photos/solution.csv").is_file():
        raise SystemExit(f"{folder}/photos has no solution.csv: make it with tailprint import")
    preset_file = folder / "preset"
    if not Path(f"presets/{preset}.yaml").is_file():
        raise SystemExit(f"there is no presets/{preset}.yaml")
    if not clone.is_dir():
        preset_file.write_text(preset)
        prepare(clone, preset)
    if preset_file.read_text() != preset:
        raise SystemExit(f"{clone} is a run of {preset_file.read_text()}: take another folder")
    children.run_checked([sys.executable, "-m", "commands", "run"], clone)
    p = params.load(clone / "params.yaml")
    truth = solution.read_solution(folder / "photos", p.competition.columns)
    for name in p.ensembles:
        table = submission_file.read_submission(
            clone / paths.submission(name), p.competition.columns.new_whale
        )
        print(
            name, format_scores(table.merge(truth, on="image", validate="one_to_one"), p.evaluation)
        )


def prepare(clone: Path, preset: str) -> None:
    """Clone the last commit beside the photographs, with the preset changed for a closed set."""

    def set_up(part: Path) -> None:
        (part / "data/competition").symlink_to("../../photos")
        yaml = YAML()
        values = load_settings(part / f"presets/{preset}.yaml", yaml)
        values["competition"]["path"] = "data/competition"
        values["evaluation"]["new_whale_prior"] = CLOSED_PRIOR
        for recipe in values["ensembles"].values():
            recipe["new_whale"]["method"] = "never"
        yaml.dump(values, part / "params.yaml")

    clones.clone(clone, set_up)


def format_scores(table: pd.DataFrame, settings: params.Evaluation) -> str:
    """Format the printed line from columns identity (the truth) and ranking."""
    hits = metrics.hits_by_rank(table["identity"].tolist(), table["ranking"].tolist())
    scores = {
        "top1": hits[:, 0],
        "top5": hits.sum(axis=1),
        "map5": metrics.precision_at_5(table["identity"].tolist(), table["ranking"].tolist()),
    }
    phrases = []
    for name, values in scores.items():
        resampled = protocol.bootstrap(
            weighted_mean_statistic(values, np.ones(len(values)), np.ones(len(values), bool)),
            table["identity"],
            settings.bootstrap,
            settings.seed,
        )
        low, high = protocol.percentile_interval(resampled)
        phrases.append(f"{name} {values.mean():.3f} ({low:.3f} to {high:.3f})")
    return ", ".join([*phrases, f"{len(table)} photographs"])


if __name__ == "__main__":
    typer.run(main)
