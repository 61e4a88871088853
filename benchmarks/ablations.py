"""The worth of each part: the demo again without it, at every seed of `benchmarks.seeds`.

    python -m benchmarks.seeds FOLDER
    python -m benchmarks.ablations FOLDER [name ...]

Each ablation is a copy of a seed's finished run in which only the stages that the edit affects run
again. A finished one is not repeated. Prints, for each, the loss in held-out MAP@5: by seed, and
over the queries of all seeds together with a paired 95 % interval.
"""

import shutil
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
from pipeline.system import children

CONSTANT = "constant"
# name: the ensemble that is scored, and the leaves of params.yaml that change
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
        complete = [load_rankings(run, ensemble) for run in seeds]
        if name == CONSTANT:
            ablated = [table.assign(ranking=NEW_WHALE) for table in complete]
        else:
            copies = [run_ablation(run, name, ensemble, edits) for run in seeds]
            ablated = [load_rankings(copy, ensemble) for copy in copies]
        print(format_loss(f"{ensemble}, {name}", complete, ablated), flush=True)


def run_ablation(run: Path, name: str, ensemble: str, edits: dict[str, object]) -> Path:
    """A copy of a finished run, run again with the edits as far as the ensemble needs it."""
    copy = run.with_name(run.name.replace("seed", name))
    done = copy / "done"
    if not done.is_file():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(run, copy, symlinks=True)
        edit_params(copy / "params.yaml", ensemble, edits)
        children.run_checked([sys.executable, "-m", "commands", "run"], copy)
        done.touch()
    return copy


def edit_params(path: Path, ensemble: str, edits: dict[str, object]) -> None:
    """Change leaves of a params file, and drop what the ensemble does not use."""
    yaml = YAML()
    values = yaml.load(path)
    values["ensembles"] = {ensemble: values["ensembles"][ensemble]}
    used = {*values["ensembles"][ensemble]["backbones"], values["match"]["backbone"]}
    values["backbones"] = {
        name: settings for name, settings in values["backbones"].items() if name in used
    }
    html = values["report"]["html"]
    values["report"]["html"] = [name for name in html if name == ensemble]
    values["identify"]["ensemble"] = ensemble
    yaml.dump(ablation_study.replace_leaves(values, edits), path)


def load_rankings(run: Path, ensemble: str) -> pd.DataFrame:
    """An ensemble's held-out rankings, with the run's seed in images and clusters."""
    table = tables.read("rankings", run / paths.rankings(ensemble))
    seed = run.name.rpartition("-")[2]
    return table.assign(image=seed + "/" + table["image"], cluster=seed + "/" + table["cluster"])


def format_loss(name: str, complete: list[pd.DataFrame], ablated: list[pd.DataFrame]) -> str:
    """The printed line: MAP@5 without and with the part, the loss, and that of each seed."""
    evaluation = params.load().evaluation
    gain = comparison.compute_gain(pd.concat(ablated), pd.concat(complete), evaluation)
    by_seed = [
        comparison.compute_gain(first, second, evaluation)["difference"]
        for first, second in zip(ablated, complete, strict=True)
    ]
    return (
        f"{name:<22} {gain['first']:.3f} instead of {gain['second']:.3f}: "
        f"{-gain['difference']:+.3f} ({-gain['high']:+.3f} to {-gain['low']:+.3f}), seeds "
        + " ".join(f"{-difference:+.3f}" for difference in by_seed)
    )


if __name__ == "__main__":
    typer.run(main)
