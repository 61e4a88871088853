"""What is each part worth? The demo again without it, at every seed of `benchmarks.seeds`.

    python -m benchmarks.seeds FOLDER
    python -m benchmarks.ablations FOLDER [name ...]

Each ablation is a copy of a seed's finished run in which only what the edit reaches is made again.
One that is done is not run again. Prints, for each, the loss in held-out MAP@5: seed by seed, and
over the queries of all seeds together with a paired 95 % interval.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from ruamel.yaml import YAML

from pipeline import params, paths
from pipeline.data import tables
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import ablation_study, comparison

CONSTANT = "constant"
# name: the ensemble that is watched, and the leaves of params.yaml that change
ABLATIONS = {
    CONSTANT: ("best", {}),
    "untrained": ("best", {"train.epochs": 1, "train.learning_rate": 1e-12}),
    "no-crop": ("best", {"crop.enabled": False}),
    "no-threshold": ("best", {"ensembles.best.new_whale.method": "never"}),
    "no-dedup": ("best", {"dedup.enabled": False}),
    "arcface-alone": ("best", {"train.loss.triplet.weight": 0, "train.loss.focal.weight": 0}),
    "no-flip": ("best", {"embed.flip": "none"}),
    "no-alignment": ("best", {"crop.align": "none"}),
    "whole-backbone": ("best", {"train.reduction": 32}),
    "no-local-features": ("best", {"ensembles.best.local": {}}),
    "no-reptile": ("card", {"rerank.method": "none"}),
    "prototypes": ("card", {"rerank.method": "prototypes"}),
}


def main(folder: Path, names: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Measure what each part is worth, over the seeds of FOLDER; without NAMES, every part."""
    names = names or list(ABLATIONS)
    seeds = sorted(board.parents[1] for board in folder.glob("seed-*/submissions/board.csv"))
    if not seeds:
        raise SystemExit(f"{folder} has no finished seed: run python -m benchmarks.seeds {folder}")
    unknown = set(names) - set(ABLATIONS)
    if unknown:
        raise SystemExit(f"no ablation {sorted(unknown)}; there are {list(ABLATIONS)}")
    for name in names:
        ensemble, edits = ABLATIONS[name]
        whole = [rankings(run, ensemble) for run in seeds]
        if name == CONSTANT:
            without = [table.assign(ranking=NEW_WHALE) for table in whole]
        else:
            copies = [ablated(run, name, ensemble, edits) for run in seeds]
            without = [rankings(copy, ensemble) for copy in copies]
        print(row(f"{ensemble}, {name}", whole, without), flush=True)


def ablated(run: Path, name: str, ensemble: str, edits: dict[str, object]) -> Path:
    """A copy of a finished run, made again with the edits as far as the ensemble needs it."""
    copy = run.with_name(run.name.replace("seed", name))
    done = copy / "done"
    if not done.is_file():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(run, copy, symlinks=True)
        edit(copy / "params.yaml", ensemble, edits)
        subprocess.run([sys.executable, "-m", "commands.repro"], cwd=copy, check=True)
        done.touch()
    return copy


def edit(path: Path, ensemble: str, edits: dict[str, object]) -> None:
    """Change leaves of a params file, and leave out what the ensemble has no use for."""
    yaml = YAML()
    values = yaml.load(path)
    values["ensembles"] = {ensemble: values["ensembles"][ensemble]}
    used = {*values["ensembles"][ensemble]["backbones"], values["match"]["backbone"]}
    values["backbones"] = {name: own for name, own in values["backbones"].items() if name in used}
    html = values["report"]["html"]
    values["report"]["html"] = [one for one in html if one == ensemble]
    yaml.dump(ablation_study.replace_leaves(values, edits), path)


def rankings(run: Path, ensemble: str) -> pd.DataFrame:
    """An ensemble's held-out rankings; images and clusters are told apart by the run's seed."""
    table = tables.read("rankings", run / paths.rankings(ensemble))
    seed = run.name.rpartition("-")[2]
    return table.assign(image=seed + "/" + table["image"], cluster=seed + "/" + table["cluster"])


def row(name: str, whole: list[pd.DataFrame], without: list[pd.DataFrame]) -> str:
    """The printed line: MAP@5 with and without, the loss, and each seed's own."""
    settings = params.load().evaluation
    found = comparison.compute_gain(pd.concat(without), pd.concat(whole), settings)
    alone = [
        comparison.compute_gain(one, other, settings)["difference"]
        for one, other in zip(without, whole, strict=True)
    ]
    return (
        f"{name:<22} {found['first']:.3f} instead of {found['second']:.3f}: "
        f"{-found['difference']:+.3f} ({-found['high']:+.3f} to {-found['low']:+.3f}), seeds "
        + " ".join(f"{-difference:+.3f}" for difference in alone)
    )


if __name__ == "__main__":
    typer.run(main)
