"""The worth of each part of an ensemble's recipe, measured with the members as they are.

    python -m benchmarks.recipes ENSEMBLE RUN [RUN ...] [--params presets/animals-cpu.yaml]

A RUN is the folder of a finished project. Nothing is trained, and local features are not matched
again: only the search, the re-ranking, the blend and the placing of new_whale are, in a scratch
folder that links to the run's files. Prints, for each change, held-out MAP@5 beside that of the
unchanged ensemble, on the same queries of all runs, with a paired 95 % interval and the smallest
difference that could have been seen; --out writes the same as CSV.
"""

import contextlib
import itertools
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import pandas as pd
import typer

from benchmarks.ablations import edit_params
from pipeline import params, paths
from pipeline.data import tables
from pipeline.evaluation import comparison
from pipeline.params import RERANK_SCORES
from pipeline.params.presets import render_preset
from stages import ensemble, neighbours, rerank, submission

E = "ensembles.{}."
# name: the leaves of params.yaml that change; {} stands for the ensemble
CHANGES = {
    "embeddings alone": {E + "local": {}},
    "votes without geometry": {E + "local": {"votes": 1.0}},
    "weighed points alone": {E + "local": {"weighted_inliers": 1.0}},
    "points counted, not weighed": {E + "local": {"votes": 1.0, "inliers": 1.0}},
    "points weighed, not counted": {E + "local": {"votes": 1.0, "weighted_inliers": 1.0}},
    "and ratio, coverage": {
        E + "local": dict.fromkeys(
            ["votes", "inliers", "weighted_inliers", "ratio", "coverage"], 1.0
        )
    },
    "nearest alone": {E + "scores": ["nearest"]},
    "centre alone": {E + "scores": ["centre"]},
    "and Reptile": {E + "scores": ["nearest", "centre", "vote", "reranked or centre"]},
    "query expansion 3": {"neighbours.expansion": 3},
    "augmentation 3": {"neighbours.augmentation": 3},
    "both expanded 2": {"neighbours.expansion": 2, "neighbours.augmentation": 2},
    "and margin": {
        "neighbours.margin_score": True,
        E + "scores": ["nearest", "centre", "vote", "margin_score"],
    },
    "and k-reciprocal 20": {
        "neighbours.reciprocal": 20,
        E + "scores": ["nearest", "centre", "vote", "reciprocal"],
    },
    "no outliers left out": {"neighbours.outlier_deviations": 100.0},
    "scores as they are": {"ensemble.calibration": "none"},
    "logistic": {"ensemble.calibration": "logistic"},
    "isotonic": {"ensemble.calibration": "isotonic"},
    "mean": {E + "method": "mean"},
    "learned weights": {E + "method": "weighted"},
    "LightGBM": {E + "method": "lightgbm"},
    "LightGBM on raw scores": {E + "method": "lightgbm", "ensemble.calibration": "none"},
    "new_whale swept": {E + "new_whale.method": "swept"},
    "new_whale by prior": {E + "new_whale.method": "prior"},
    "new_whale never": {E + "new_whale.method": "never"},
    "balance swap .3": {"submission.gap": 0.3},
    "10 queries an identity": {"submission.capacity": 10},
}


# the command line of this benchmark, `wrong_prior` and `reranking`
Name = Annotated[str, typer.Argument(metavar="ENSEMBLE")]
Runs = Annotated[list[Path], typer.Argument(help="folders of finished projects")]
Settings = Annotated[
    Path | None, typer.Option("--params", help="instead of the params of each run")
]
Out = Annotated[Path | None, typer.Option(help="a CSV file")]


def main(name: Name, runs: Runs, settings: Settings = None, out: Out = None) -> None:
    """Measure what each part of an ensemble's answer is worth."""
    runs = [run.resolve() for run in runs]
    settings = settings.resolve() if settings else None
    base = rank_runs(runs, name, {}, settings)
    rows, evaluation = [], params.load(settings or runs[0] / "params.yaml").evaluation
    for change, leaves in CHANGES.items():
        edits = {leaf.format(name): value for leaf, value in leaves.items()}
        changed = rank_runs(runs, name, edits, settings)
        rows.append({"change": change, **comparison.compute_gain(base, changed, evaluation)})
        print(
            "{change:<24} {second:.3f} instead of {first:.3f}: {difference:+.3f} "
            "({low:+.3f} to {high:+.3f}), visible {visible:.3f}".format(**rows[-1]),
            flush=True,
        )
    if out:
        tables.write_csv(pd.DataFrame(rows).round(4), out)


def rank_runs(
    runs: list[Path], name: str, edits: dict[str, object], settings: Path | None
) -> pd.DataFrame:
    """The ensemble's held-out rankings with the edits, of all runs; their folders stay as they are.

    `settings` is the params file to edit; None for that of each run.
    """
    return join_runs([rank_run(run, name, edits, settings or run / "params.yaml") for run in runs])


def join_runs(rankings: list[pd.DataFrame]) -> pd.DataFrame:
    """The rankings of several runs as one table, with the run's number in images and clusters."""
    numbered = []
    for number, table in enumerate(rankings):
        prefix = f"{number}/"
        images, clusters = prefix + table["image"], prefix + table["cluster"]
        numbered.append(table.assign(image=images, cluster=clusters))
    return pd.concat(numbered, ignore_index=True)


def rank_run(run: Path, name: str, edits: dict[str, object], settings: Path) -> pd.DataFrame:
    """The rankings of one run with the edits, computed in a scratch folder."""
    with TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        Path("params.yaml").write_text(render_preset(settings))
        edit_params(Path("params.yaml"), name, edits)
        recipe = params.load().ensembles[name]
        searched = any(leaf.startswith("neighbours.") for leaf in edits)
        reranked = any(set(score.split(" or ")) & RERANK_SCORES for score in recipe.scores)
        stages = {"ensemble", "submission", "score"}
        stages |= {"neighbours"} if searched else set()
        stages |= {"rerank"} if searched and reranked else set()
        link_run(run, stages)
        run_stages(name, stages)
        return tables.read("rankings", paths.rankings(name))


def link_run(run: Path, stages: set[str]) -> None:
    """Turn the current directory into a project that links to the run's files.

    The files of `stages` are not linked: these stages will write new ones.
    """
    work = Path("data/work")
    work.mkdir(parents=True)
    for folder in (run / work).iterdir():
        if folder.name not in stages:
            (work / folder.name).symlink_to(folder)


def run_stages(name: str, stages: set[str]) -> None:
    """Run blend and submission; before them search and re-ranking if they are in `stages`."""
    p = params.load()
    members = itertools.product(p.ensembles[name].active_backbones(), map(str, p.folds.trained))
    for backbone, fold in members:
        if "neighbours" in stages:
            neighbours.main(backbone, fold)
        if "rerank" in stages:
            rerank.main(backbone, fold)
    ensemble.main(name)
    submission.main(name)


if __name__ == "__main__":
    typer.run(main)
