"""How well `tailprint identify` identifies known animals and recognizes unknown ones.

    python -m benchmarks.naming RUN [--ensemble best] [--count 400]
                                    [--params presets/animals-cpu.yaml]

RUN is the folder of a finished project; --params is for one that an older params.yaml made.
Held-out photographs, sampled at random, are identified like new ones, by the member that was not
trained on them. Their embeddings and local features are the stored ones, which `identify` would
compute. Prints, weighted to the expected fraction of new individuals: MAP@5 and top-1; the fraction
of known animals that get a wrong identity or new, and of unknown ones that get an identity; the
calibration error of the first prediction; and how many predictions are at least 90 % sure, and
right. No blend, calibration or point weight that scores a photograph was fitted on it.
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
from pipeline.identify.stored_tables import StoredTables

SURE = 0.9


def main(
    run: Path,
    ensemble: str | None = None,
    count: Annotated[int, typer.Option(help="photographs")] = 400,
    settings: Annotated[
        Path | None, typer.Option("--params", help="instead of RUN's params.yaml")
    ] = None,
) -> None:
    """Measure how well single photographs are identified, in the finished project RUN."""
    p = params.load(settings or run / "params.yaml")
    with contextlib.chdir(run):
        measure(ensemble, count, p)


def measure(name: str | None, count: int, p: params.Params) -> None:
    """Identify `count` held-out photographs, and print the figures."""
    recipe = choose_recipe(name, p)
    folds = artefacts.load_folds()
    queries = gallery.held_out_rows(folds, recipe.fold_list(p.folds.trained))
    sample = np.random.default_rng(0).permutation(len(queries))[:count]
    queries = queries.iloc[np.sort(sample)].reset_index(drop=True)
    stored = load_gallery(recipe, {}, p)
    images = tqdm(queries["image"], unit="photograph", mininterval=5)
    known = StoredTables()
    predictions = [identify_stored(image, stored, known, recipe, p) for image in images]
    weights = protocol.query_weights(queries["kind"], p.evaluation.new_whale_prior)
    for label, value in summarize(queries["truth"].tolist(), predictions, weights).items():
        print(f"{label:28} {value:.3f}")


def identify_stored(
    image: str,
    stored: Gallery,
    known: StoredTables,
    recipe: params.Ensemble,
    p: params.Params,
) -> pd.Series:
    """Identify a photograph of the competition as `identify` does: probabilities by name."""
    digest = known.images.set_index("image")["sha256"][image]
    members = members_for_photograph(digest, recipe.fold_list(p.folds.trained), known)
    vectors = {fold: stored.embeddings[fold].of(pd.Series([image]))[0] for fold in members}
    own = stored.features
    if len(own.names):
        own = features.join([image], [own.of(own.names.tolist().index(image))])
    query = build_query(vectors, own, digest, known)
    viewpoint = stored.viewpoint | find_viewpoint(digest, None, stored.viewpoint, known)
    stored = replace(stored, viewpoint=viewpoint)
    return answer(query, stored, recipe, p.match.backbone, p).probabilities


def summarize(
    truth: list[str], predictions: list[pd.Series], weights: np.ndarray
) -> dict[str, float]:
    """Compute the figures of n queries.

    predictions : probabilities by name, best first, per query
    """
    rankings = [names.index[:5].tolist() for names in predictions]
    first = np.array([ranking[0] for ranking in rankings])
    confidence = np.array([probabilities.iloc[0] for probabilities in predictions])
    right, new = first == np.array(truth), np.array(truth) == NEW_WHALE

    def fraction(part: np.ndarray, whole: np.ndarray) -> float:
        return metrics.mean(part[whole].astype(float), weights[whole])

    diagram = reliability.build_diagram(confidence, right, weights, reliability.TENTHS)
    sure = confidence >= SURE
    return {
        "map5": metrics.map5(truth, rankings, weights),
        "top1": metrics.mean(right.astype(float), weights),
        "known, wrong identity": fraction(~right & (first != NEW_WHALE), ~new),
        "known, called new": fraction(first == NEW_WHALE, ~new),
        "unknown, given an identity": fraction(first != NEW_WHALE, new),
        "calibration error": reliability.calibration_error(diagram),
        "sure predictions": fraction(sure, np.ones(len(truth), bool)),
        "right if sure": fraction(right, sure),
    }


if __name__ == "__main__":
    typer.run(main)
