"""The runs of an ablation study, in a clone of the project that shares DVC's cache."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

from commands import turns
from pipeline import paths
from pipeline.data import tables
from pipeline.evaluation import ablation_study, study_table
from pipeline.evaluation.ablation_study import BASE, Study
from pipeline.params import Params
from pipeline.system import children, clones
from pipeline.system.errors import UserError
from pipeline.system.git import current_commit

STUDIES = Path("presets/studies")
CLONES = Path(".dvc/tmp/ablate")


@dataclass(frozen=True)
class LoadedStudy:
    """A study by its name, and the parameters of the base and of every edit."""

    name: str
    study: Study
    settings: dict[str, dict]

    @property
    def clone(self) -> Path:
        """The folder in which it is run."""
        return CLONES / self.name

    @property
    def digests(self) -> dict[str, str]:
        """`ablation_study.digest_settings` of every edit."""
        study, settings = self.study, self.settings
        return {edit: ablation_study.digest_settings(study, settings, edit) for edit in study.edits}


@dataclass(frozen=True)
class FinishedRun:
    """The rankings of one edit at one seed, and how long the run took."""

    rankings: Path
    seconds: float


def load_study(name: str) -> LoadedStudy:
    """Load presets/studies/<name>.yaml. Raises UserError if it does not exist."""
    path = STUDIES / f"{name}.yaml"
    if not path.is_file():
        raise UserError(f"there is no {path}")
    return LoadedStudy(name, *ablation_study.load_study(path, STUDIES.parent))


def run_study(study: LoadedStudy, only: Sequence[str]) -> None:
    """Run the edits `only`, by default those without a current row, and write their rows.

    Raises UserError for unknown edits, for a clone of another commit, and, at the end, for edits
    that failed.
    """
    edits = choose_edits(study, only)
    with turns.take_turn(study.clone.with_name(f"{study.name}.lock")):
        run_edits(study, edits)


def run_edits(study: LoadedStudy, edits: Sequence[str]) -> None:
    """Run these edits and the base in the study's clone; raises UserError as `run_study`."""
    prepare_clone(study.clone)
    if not edits:
        print(f"{study_table.FOLDER / study.name}.csv has all edits: --only runs one again")
        return
    bases = run_seeds(study, BASE)
    failed = [edit for edit in edits if not measure_edit(study, edit, bases)]
    if failed:
        raise UserError(f"failed, and not in the table: {failed}")


def choose_edits(study: LoadedStudy, only: Sequence[str]) -> list[str]:
    """The edits to run. Raises UserError for one that the study does not have."""
    edits = list(study.study.edits)
    if unknown := sorted(set(only) - set(edits)):
        raise UserError(f"{STUDIES / study.name}.yaml has no edits {unknown}, only {edits}")
    current = set(study_table.read_current(study.name, study.digests)["edit"])
    return list(only) or [edit for edit in edits if edit not in current]


def prepare_clone(clone: Path) -> None:
    """Clone the last commit, unless that is done. Raises UserError for a clone of another one."""
    if not clone.is_dir():
        clones.clone(clone, share_data)
    if current_commit(clone) != current_commit(Path()):
        raise UserError(
            f"{clone} is of commit {current_commit(clone)}, this project at "
            f"{current_commit(Path())}: delete the clone to start over, or check that commit out"
        )


def share_data(clone: Path) -> None:
    """Let a clone use this project's DVC cache and the user's competition."""
    cache = Path(".dvc/cache").resolve()
    command = [sys.executable, "-m", "dvc", "cache", "dir", "--local", str(cache)]
    children.run_checked(command, clone, subprocess.DEVNULL)
    competition = Path("data/competition")
    if competition.exists():
        (clone / competition).symlink_to(competition.resolve())


def measure_edit(study: LoadedStudy, edit: str, bases: Sequence[FinishedRun]) -> bool:
    """Run an edit at every seed and write its row; returns False if a run failed."""
    try:
        runs = run_seeds(study, edit)
    except children.ChildError:
        return False
    evaluation = Params.model_validate(study.settings[BASE]).evaluation
    row = ablation_study.compute_edit_gain(
        edit, read_rankings(runs), read_rankings(bases), evaluation
    )
    row["seconds"] = sum(run.seconds for run in runs) / len(runs)
    row |= {"settings": study.digests[edit], "commit": current_commit(study.clone)}
    print("{edit}: {difference:+.3f} ({low:+.3f} to {high:+.3f})".format(**row), flush=True)
    study_table.add_row(study.name, row, study.digests)
    return True


def run_seeds(study: LoadedStudy, edit: str) -> list[FinishedRun]:
    """Run an edit, or the base, at every seed of the study."""
    return [run_edit(study, edit, seed) for seed in study.study.seeds]


def run_edit(study: LoadedStudy, edit: str, seed: int) -> FinishedRun:
    """Run one edit at one seed in the clone; a finished run with the same settings is kept.

    Raises ChildError if a stage fails.
    """
    files = study.clone / "runs" / f"{edit}-{seed}"
    values = build_params(study, edit, seed)
    key = {"params": values, "commit": current_commit(study.clone)}
    seconds = read_seconds(files.with_suffix(".json"), key)
    if seconds is None:
        files.with_suffix(".json").unlink(missing_ok=True)
        seconds = reproduce(study.clone, values)
        files.parent.mkdir(exist_ok=True)
        rankings = study.clone / paths.rankings(study.study.ensemble)
        shutil.copy(rankings, files.with_suffix(".csv"))
        tables.write_json({**key, "seconds": seconds}, files.with_suffix(".json"))
    return FinishedRun(files.with_suffix(".csv"), seconds)


def build_params(study: LoadedStudy, edit: str, seed: int) -> dict:
    """The parameters of an edit at a seed, with the watched ensemble only."""
    ensemble = study.study.ensemble
    values = ablation_study.replace_leaves(study.settings[edit], {"train.seed": seed})
    values["ensembles"] = {ensemble: values["ensembles"][ensemble]}
    return values | {"identify": {"ensemble": ensemble}}


def read_seconds(path: Path, key: dict) -> float | None:
    """How long the run took whose facts are in the file; None if they are not `key`."""
    if not path.is_file():
        return None
    past = json.loads(path.read_text())
    return past["seconds"] if {name: past[name] for name in key} == key else None


def reproduce(clone: Path, values: dict) -> float:
    """Run the pipeline in the clone with these parameters; returns the seconds that it took."""
    yaml = YAML()
    tables.replace(clone / "params.yaml", lambda part: yaml.dump(values, part))
    begin = time.monotonic()
    children.run_checked([sys.executable, "-m", "commands", "run"], clone)
    return round(time.monotonic() - begin, 1)


def read_rankings(runs: Sequence[FinishedRun]) -> list[pd.DataFrame]:
    return [tables.read("rankings", run.rankings) for run in runs]
