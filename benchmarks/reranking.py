"""The gain of every `rerank.method` over no re-ranking.

    python -m benchmarks.reranking ENSEMBLE RUN [RUN ...] [--params presets/animals-cpu.yaml]
                                   [--method maml --method siamese] [--out FILE.csv]

A RUN is the folder of a finished project; its embeddings stay as they are. Two comparisons:
`alone`: `rerank.first` is the only score, without local features, and is re-ranked; `added`:
`reranked` is one more score of the ensemble, beside its other scores and `rerank.first`. The
reference is sparse k-reciprocal re-ranking, whose score permutes the first candidates by a fitted
weight as the other methods' do; its seconds include the search that it is part of.

Prints the gain in held-out MAP@5 over no re-ranking and over that reference, on the same queries of
all runs, with paired 95 % intervals, and the CPU seconds per query, training included. --out writes
the same as CSV. A method that the CSV has with the same training is not run again: delete the file
after a change of RUN or of the code. Methods marked `on crops` have small crops as inputs, not
embeddings; they and the slowest, SLOW, are trained on fewer tasks than `rerank.fewshot` sets. The
siamese head has no row: it needs members that were trained as pairs.
"""

import contextlib
import itertools
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import pandas as pd
import typer

from benchmarks.ablations import edit_params
from benchmarks.recipes import Name, Out, Runs, Settings, join_runs, link_run
from benchmarks.reranking_methods import METHODS, NONE, RECIPROCAL, describe_training, edit_method
from pipeline import params, paths
from pipeline.data import tables
from pipeline.data.members import Member, load_query_rows
from pipeline.evaluation import comparison
from pipeline.params import Ensemble, Evaluation
from pipeline.params.presets import render_preset
from stages import ensemble, neighbours, rerank, submission

COMPARISONS = ("alone", "added")
INTERVAL = ("difference", "low", "high")


@dataclass(frozen=True)
class Result:
    """Rankings by comparison; CPU seconds of the re-ranking of that many queries."""

    rankings: dict[str, pd.DataFrame]
    seconds: float
    queries: int


def main(
    name: Name,
    runs: Runs,
    settings: Settings = None,
    methods: Annotated[list[str] | None, typer.Option("--method", help="repeatable")] = None,
    out: Out = None,
) -> None:
    """Compare every method of re-ranking with none; without --method, all of them."""
    methods = methods or list(METHODS)
    if unknown := set(methods) - set(METHODS):
        raise SystemExit(f"unknown methods {sorted(unknown)}; known are {list(METHODS)}")
    runs = [run.resolve() for run in runs]
    settings = settings.resolve() if settings else None
    first_settings = settings or runs[0] / "params.yaml"
    evaluation = params.load(first_settings).evaluation
    rows = pd.read_csv(out).to_dict("records") if out and out.is_file() else []
    base = rank_runs(runs, name, NONE, settings)
    reference = rank_runs(runs, name, RECIPROCAL, settings)
    for method in methods:
        training = describe_training(method, first_settings)
        if (method, training) in [(row["method"], row["training"]) for row in rows]:
            continue
        is_reference = method == RECIPROCAL
        result = reference if is_reference else rank_runs(runs, name, method, settings)
        rows = [row for row in rows if row["method"] != method]
        gains = build_gains(base, result, reference, evaluation)
        seconds = result.seconds / result.queries
        rows.append({"method": method, "training": training, "seconds per query": seconds} | gains)
        print(format_row(rows[-1]), flush=True)
        if out:
            tables.write_csv(pd.DataFrame(rows).round(4), out)


def build_gains(
    base: Result, result: Result, reference: Result, evaluation: Evaluation
) -> dict[str, float]:
    """The gain over no re-ranking, and over the reference, in both comparisons."""
    gains = {}
    for kind in COMPARISONS:
        rankings = result.rankings[kind]
        gain = comparison.compute_gain(base.rankings[kind], rankings, evaluation)
        over = comparison.compute_gain(reference.rankings[kind], rankings, evaluation)
        gains |= {f"{kind} {key}": value for key, value in gain.items()}
        gains |= {f"{kind} {key} over {RECIPROCAL}": over[key] for key in INTERVAL}
    return gains


def rank_runs(runs: list[Path], name: str, method: str, settings: Path | None) -> Result:
    """The results of all runs as one."""
    results = [rank_run(run, name, method, settings or run / "params.yaml") for run in runs]
    rankings = {
        kind: join_runs([result.rankings[kind] for result in results]) for kind in COMPARISONS
    }
    return Result(
        rankings,
        sum(result.seconds for result in results),
        sum(result.queries for result in results),
    )


def rank_run(run: Path, name: str, method: str, settings: Path) -> Result:
    """The result of one run, computed in a scratch folder."""
    stages = [neighbours, rerank] if method == RECIPROCAL else [rerank]
    with TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        edited = Path("params.yaml")
        edited.write_text(render_preset(settings))
        edit_params(edited, name, edit_method(method))
        written = {stage.__name__.rpartition(".")[2] for stage in stages}
        link_run(run, written | {"ensemble", "submission", "score"})
        p = params.load()
        backbones = p.ensembles[name].active_backbones()
        members = list(itertools.starmap(Member, itertools.product(backbones, p.folds.trained)))
        start = time.process_time()  # does not depend on what else the machine computes
        for stage, member in itertools.product(stages, members):
            stage.main(member.backbone, str(member.fold))
        seconds = time.process_time() - start
        rankings = {}
        for kind, recipe in edit_recipe(p.ensembles[name], method, p.rerank.first).items():
            leaves = {f"ensembles.{name}.{leaf}": value for leaf, value in recipe.items()}
            edit_params(edited, name, leaves)
            ensemble.main(name)
            submission.main(name)
            rankings[kind] = tables.read("rankings", paths.rankings(name))
        queries = sum(len(load_query_rows(member.fold)) for member in members)
        return Result(rankings, seconds, queries)


def edit_recipe(recipe: Ensemble, method: str, first: str) -> dict[str, dict[str, object]]:
    """The leaves of the ensemble that change, by comparison.

    The source `reranked` of the recipe is left out: it is that of the run's method.
    """
    reranked = [] if method == NONE else [f"reranked or {first}"]
    choices = [
        [source for source in score.split(" or ") if source != "reranked"]
        for score in recipe.scores
    ]
    scores = dict.fromkeys([" or ".join(sources) for sources in choices if sources] + [first])
    return {
        "alone": {"scores": reranked or [first], "local": {}},
        "added": {"scores": [*scores, *reranked], "local": recipe.local},
    }


def format_row(row: dict[str, object]) -> str:
    """The printed line of a row."""
    gains = [
        f"{kind} {row[f'{kind} second']:.3f}: {row[f'{kind} difference']:+.3f} "
        f"({row[f'{kind} low']:+.3f} to {row[f'{kind} high']:+.3f}), over {RECIPROCAL} "
        f"{row[f'{kind} difference over {RECIPROCAL}']:+.3f} "
        f"({row[f'{kind} low over {RECIPROCAL}']:+.3f} to "
        f"{row[f'{kind} high over {RECIPROCAL}']:+.3f})"
        for kind in COMPARISONS
    ]
    return f"{row['method']:<22} {'  '.join(gains)}  {row['seconds per query']:.4f} s per query"


if __name__ == "__main__":
    typer.run(main)
