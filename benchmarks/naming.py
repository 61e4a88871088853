"""How well does `commands.identify` name animals, and how well does it refuse strangers?

    python -m benchmarks.naming RUN [--ensemble best] [--count 400]
                                    [--params presets/animals-cpu.yaml]

RUN is the folder of a finished project; --params is for one that an older params.yaml made.
Held-out photographs, drawn by chance, are asked as new ones are, of the member that never saw them;
their vectors and local features are the stored ones, which are those that `identify` would make.
Prints, weighted to the expected share of new individuals: MAP@5 and top-1; how many known animals
were called by a wrong name or new, and how many strangers by a name; how far the first answer's
chance is from the share that is right; and how many answers are at least 90 % sure, and right. No
blend, calibration or weight of points that answers a photograph was fitted on it.
"""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from tqdm import tqdm

from pipeline import params
from pipeline.data import artefacts, features, gallery
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import metrics, protocol, reliability
from pipeline.identify.answer import answer
from pipeline.identify.eligibility import members_for_photograph
from pipeline.identify.gallery import Gallery, load_gallery
from pipeline.identify.identification import build_query, choose_recipe, find_viewpoint

SURE = 0.9


def main(
    run: Path,
    ensemble: str | None = None,
    count: Annotated[int, typer.Option(help="photographs")] = 400,
    settings: Annotated[Path | None, typer.Option("--params", help="unless RUN's own")] = None,
) -> None:
    """Measure how well single photographs are identified, in the finished project RUN."""
    p = params.load(settings or run / "params.yaml")
    with contextlib.chdir(run):
        measure(ensemble, count, p)


def measure(name: str | None, count: int, p: params.Params) -> None:
    recipe = choose_recipe(name, p)
    folds = artefacts.load_folds()
    queries = gallery.held_out_rows(folds, recipe.fold_list(p.folds.trained))
    chosen = np.random.default_rng(0).permutation(len(queries))[:count]
    queries = queries.iloc[np.sort(chosen)].reset_index(drop=True)
    stored = load_gallery(recipe, {}, p)
    sources = tqdm(queries["image"], unit="photograph", mininterval=5)
    given = [chances(image, stored, recipe, p) for image in sources]
    weights = protocol.query_weights(queries["kind"], p.evaluation.new_whale_prior)
    for word, value in summary(queries["truth"].tolist(), given, weights).items():
        print(f"{word:28} {value:.3f}")


def chances(image: str, stored: Gallery, recipe: params.Ensemble, p: params.Params) -> pd.Series:
    """What `identify` would answer, asked with a photograph of the competition."""
    digest = artefacts.load_images().set_index("image")["sha256"][image]
    fair = members_for_photograph(digest, recipe.fold_list(p.folds.trained))
    vectors = {fold: stored.embeddings[fold].of(pd.Series([image]))[0] for fold in fair}
    found = stored.features
    if len(found.names):
        found = features.joined([image], [found.of(found.names.tolist().index(image))])
    query = build_query(vectors, found, digest)
    viewpoint = stored.viewpoint | find_viewpoint(digest, None, stored.viewpoint)
    stored = replace(stored, viewpoint=viewpoint)
    return answer(query, stored, recipe, p.match.backbone, p).probabilities


def summary(truth: list[str], given: list[pd.Series], weights: np.ndarray) -> dict[str, float]:
    """What is printed: n truths, each query's chances by name (best first), and weights."""
    answers = [one.index[:5].tolist() for one in given]
    first = np.array([one[0] for one in answers])
    sure = np.array([one.iloc[0] for one in given])
    right, new = first == np.array(truth), np.array(truth) == NEW_WHALE

    def share(part: np.ndarray, whole: np.ndarray) -> float:
        return metrics.mean(part[whole].astype(float), weights[whole])

    diagram = reliability.build_diagram(sure, right, weights, reliability.TENTHS)
    certain = sure >= SURE
    return {
        "map5": metrics.map5(truth, answers, weights),
        "top1": metrics.mean(right.astype(float), weights),
        "known called wrongly": share(~right & (first != NEW_WHALE), ~new),
        "known called new": share(first == NEW_WHALE, ~new),
        "strangers called by a name": share(first != NEW_WHALE, new),
        "calibration error": reliability.calibration_error(diagram),
        "share of sure answers": share(certain, np.ones(len(truth), bool)),
        "right where sure": share(right, certain),
    }


if __name__ == "__main__":
    typer.run(main)
