"""Does a second look at the first candidates help? Every `rerank.method`, beside none.

    python -m benchmarks.reranking ENSEMBLE RUN [RUN ...] [--params presets/animals-cpu.yaml]
                                   [--method maml --method siamese] [--out FILE.csv]

A RUN is the folder of a finished project; its embeddings stay as they are. Two questions: what
becomes of `rerank.first`, the only score and without local features, where it is re-ranked
(`alone`); and what `reranked` adds to the ensemble's own scores, `rerank.first` among them, as one
more (`added`). The reference is sparse k-reciprocal re-ranking, whose score permutes the first
candidates by a fitted weight as the other methods' do; its seconds hold the search that it is part
of. Prints held-out MAP@5 against no second look and against that reference, on the same queries of
all runs, with paired 95 % intervals, and the processor's seconds a query that the second look
takes, teaching included; --out writes the same as CSV, and a method that is there, taught as much,
is not asked again: take the file away where RUN or the code is another. Methods marked so look at
small crops with a network of their own instead of at embeddings; they and the slowest, SLOW, learn
from fewer tasks than `rerank.fewshot` says.
The twin has no row: it needs members that were trained as pairs.
"""

import contextlib
import itertools
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import pandas as pd
import typer

from benchmarks.ablations import edit_params
from benchmarks.recipes import Name, Out, Runs, Settings, join_runs, link_run
from pipeline import params, paths
from pipeline.data import members, tables
from pipeline.evaluation import comparison
from pipeline.params import FEW_SHOT, Ensemble
from pipeline.params.presets import render_preset
from stages import ensemble, neighbours, rerank, submission

WAYS = ("alone", "added")
NONE, RECIPROCAL = "none", "k_reciprocal"
ON_CROPS = ", on crops"
METHODS = (
    RECIPROCAL,
    "prototypes",
    "reptile",
    *FEW_SHOT,
    *(f"{method}{ON_CROPS}" for method in ("cosine", "prototypical", "siamese")),
)
SLOW = ("matching_full", "memory", "meta_lstm")  # on embeddings
FEWER = {"rerank.fewshot.tasks": 4}
# crops cost a hundred times what vectors do
SHORTER = FEWER | {"rerank.fewshot.input": "crops", "rerank.fewshot.steps": 100}
INTERVAL = ("difference", "low", "high")
AT_ONCE = 20  # neighbours of the k-reciprocal reference


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
        raise SystemExit(f"no methods {sorted(unknown)}; there are {list(METHODS)}")
    runs = [run.resolve() for run in runs]
    own = settings.resolve() if settings else None
    evaluated = params.load(own or runs[0] / "params.yaml").evaluation
    rows = pd.read_csv(out).to_dict("records") if out and out.is_file() else []
    base, _ = looked(runs, name, NONE, own)
    reference = looked(runs, name, RECIPROCAL, own)
    for method in methods:
        told = lessons(method, own or runs[0] / "params.yaml")
        if (method, told) in [(row["method"], row["lessons"]) for row in rows]:
            continue
        second, taken = reference if method == RECIPROCAL else looked(runs, name, method, own)
        rows = [row for row in rows if row["method"] != method]
        row: dict[str, object] = {"method": method, "lessons": told, "seconds a query": taken}
        for way in WAYS:
            gain = comparison.compute_gain(base[way], second[way], evaluated)
            over = comparison.compute_gain(reference[0][way], second[way], evaluated)
            row |= {f"{way} {key}": value for key, value in gain.items()}
            row |= {f"{way} {key} over {RECIPROCAL}": over[key] for key in INTERVAL}
        rows.append(row)
        print(line(row), flush=True)
        if out:
            tables.write_csv(pd.DataFrame(rows).round(4), out)


def looked(
    runs: list[Path], name: str, method: str, settings: Path | None
) -> tuple[dict[str, pd.DataFrame], float]:
    """All runs' rankings by way, and the seconds a query."""
    each = [looked_at_one(run, name, method, settings or run / "params.yaml") for run in runs]
    rankings = {way: join_runs([found[way] for found, _, _ in each]) for way in WAYS}
    return rankings, sum(taken for _, taken, _ in each) / sum(count for _, _, count in each)


def looked_at_one(
    run: Path, name: str, method: str, settings: Path
) -> tuple[dict[str, pd.DataFrame], float, int]:
    """One run's rankings by way, the seconds of all members' second looks, and their queries."""
    stages = [neighbours, rerank] if method == RECIPROCAL else [rerank]
    with TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        edited = Path("params.yaml")
        edited.write_text(render_preset(settings))
        edit_params(edited, name, changed(method))
        made = {stage.__name__.rpartition(".")[2] for stage in stages}
        link_run(run, made | {"ensemble", "submission", "score"})
        p = params.load()
        members = list(itertools.product(p.ensembles[name].active_backbones(), p.folds.trained))
        begun = time.process_time()  # other work on the machine does not lengthen it
        for stage, (backbone, fold) in itertools.product(stages, members):
            stage.main(backbone, str(fold))
        taken = time.process_time() - begun
        found = {}
        for way, recipe in ways(p.ensembles[name], method, p.rerank.first).items():
            edit_params(
                edited, name, {f"ensembles.{name}.{leaf}": own for leaf, own in recipe.items()}
            )
            ensemble.main(name)
            submission.main(name)
            found[way] = tables.read("rankings", paths.rankings(name))
        return found, taken, queries([fold for _, fold in members])


def changed(method: str) -> dict[str, object]:
    """The leaves of params.yaml that ask for a method, and for lessons that it has the time for."""
    second, on_crops, _ = method.partition(ON_CROPS)
    leaves = {"rerank.method": second, **(SHORTER if on_crops else {})}
    leaves |= FEWER if second in SLOW else {}
    return leaves | ({"neighbours.reciprocal": AT_ONCE} if method == RECIPROCAL else {})


def lessons(method: str, settings: Path) -> str:
    """What of `rerank.fewshot` teaches a method; "-" for those that it is not for."""
    leaves = changed(method)
    if leaves["rerank.method"] not in FEW_SHOT:
        return "-"
    taught = params.load(settings).rerank.fewshot
    tasks = leaves.get("rerank.fewshot.tasks", taught.tasks)
    return f"{leaves.get('rerank.fewshot.steps', taught.steps)} steps of {tasks} tasks"


def ways(recipe: Ensemble, method: str, first: str) -> dict[str, dict[str, object]]:
    """What of the ensemble changes: the second look is all it has, or one score more. What the
    run's own second look said is left out.
    """
    second = [] if method == NONE else [f"reranked or {first}"]
    kept = [[one for one in own.split(" or ") if one != "reranked"] for own in recipe.scores]
    own = dict.fromkeys([" or ".join(choices) for choices in kept if choices] + [first])
    return {
        "alone": {"scores": second or [first], "local": {}},
        "added": {"scores": [*own, *second], "local": recipe.local},
    }


def queries(folds: list[int]) -> int:
    """How many the members with these folds held out answered, those of the test included."""
    return sum(len(members.load_query_rows(fold)) for fold in folds)


def line(row: dict[str, object]) -> str:
    """The printed line."""
    said = [
        f"{way} {row[f'{way} second']:.3f}: {row[f'{way} difference']:+.3f} "
        f"({row[f'{way} low']:+.3f} to {row[f'{way} high']:+.3f}), over {RECIPROCAL} "
        f"{row[f'{way} difference over {RECIPROCAL}']:+.3f} "
        f"({row[f'{way} low over {RECIPROCAL}']:+.3f} to "
        f"{row[f'{way} high over {RECIPROCAL}']:+.3f})"
        for way in WAYS
    ]
    return f"{row['method']:<22} {'  '.join(said)}  {row['seconds a query']:.4f} s a query"


if __name__ == "__main__":
    typer.run(main)
