"""How many held-out queries an ensemble's fit needs: few known ones, and few new ones.

    python -m benchmarks.blend_sizes RUN ENSEMBLE [--repeats 4]

RUN is a finished run, ENSEMBLE one of its ensembles. Half of the known individuals and half of the
new queries are scored; a fit gets some of the others. Prints the mean MAP@5 of what is scored (new
ones weighted to the prior) of two fits, and by how much the second one is better, with the standard
error over `--repeats` choices of what is scored: LightGBM and weights by the number of known
queries, LightGBM without and with copies of known queries by the number of new ones.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from unittest import mock

import numpy as np
import pandas as pd
import typer

from pipeline import params
from pipeline.data import artefacts
from pipeline.data.gallery import KNOWN
from pipeline.data.tables import NEW_WHALE
from pipeline.evaluation import metrics, protocol
from pipeline.params import Params
from pipeline.steps.ensemble import blend, missing_kinds
from pipeline.steps.ensemble.assemble import FoldEvidence, select_tests, stack_held_out
from pipeline.steps.ensemble.load import load_fold_evidence
from pipeline.steps.submission.place import compute_posteriors, rank_labels

KNOWN_COUNTS, NEW_BESIDE = [15, 30, 60, 120, 240, 480], 80
NEW_COUNTS, KNOWN_BESIDE = [2, 4, 8, 15, 30, 60], 300
Fit = Callable[[FoldEvidence, FoldEvidence], float]  # of the fit's queries and those scored: MAP@5


def main(
    run: Path,
    ensemble: str,
    repeats: Annotated[int, typer.Option(min=2, help="choices of what is scored")] = 4,
) -> None:
    """Fit an ensemble on few held-out queries, and ask others."""
    with contextlib.chdir(run):
        p = params.load()
        evidence = load_fold_evidence(
            p.ensembles[ensemble], p.folds.trained, artefacts.load_folds()
        )
        held_out, tests = stack_held_out(evidence), select_tests(evidence)
    trees, weights, copies = (
        build_fit(ensemble, tests, p, **choices)
        for choices in (
            {"method": "lightgbm", "copies": False},
            {"method": "weighted", "copies": False},
            {"method": "lightgbm", "copies": True},
        )
    )
    known = [(count, NEW_BESIDE) for count in KNOWN_COUNTS]
    new = [(KNOWN_BESIDE, count) for count in NEW_COUNTS]
    print("LightGBM and weights", compare(held_out, known, (trees, weights), repeats), sep="\n")
    print("without and with copies", compare(held_out, new, (trees, copies), repeats), sep="\n")


def build_fit(
    ensemble: str, tests: list[FoldEvidence], p: Params, method: str, copies: bool
) -> Fit:
    """A fit by one method, however few queries there are."""
    recipe = p.ensembles[ensemble].model_copy(update={"method": method})
    prior = p.evaluation.new_whale_prior

    def fit(fitted: FoldEvidence, scored: FoldEvidence) -> float:
        model = blend.Blend(recipe, p.ensemble, p.evaluation, tests)
        with (
            mock.patch.object(blend, "LEAST_FOR_TREES", 0),
            mock.patch.object(missing_kinds, "ENOUGH_NEW", np.inf if copies else 0),
        ):
            log_odds = model.fit(fitted).log_odds([scored])
        names = [NEW_WHALE, *sorted(set(scored.identity))]
        rankings = rank_labels(compute_posteriors(log_odds, 0.0), names)[scored.queries["image"]]
        precision = metrics.precision_at_5(scored.queries["truth"].to_numpy(), rankings.tolist())
        weights = protocol.query_weights(scored.queries["kind"], prior)
        return float(np.average(precision, weights=weights))

    return fit


def compare(
    held_out: FoldEvidence, counts: list[tuple[int, int]], fits: tuple[Fit, Fit], repeats: int
) -> str:
    """A row per number of known and new queries in the fit."""
    rows = []
    for known, new in counts:
        chosen = [choose(held_out, known, new, repeat) for repeat in range(repeats)]
        scores = np.array([[fit(*map(held_out.select, masks)) for fit in fits] for masks in chosen])
        gain = scores[:, 1] - scores[:, 0]
        error = gain.std(ddof=1) / np.sqrt(repeats)
        rows.append([known, new, *scores.mean(axis=0), gain.mean(), error])
    columns = ["known", "new", "first", "second", "gain", "error"]
    return pd.DataFrame(rows, columns=columns).round(3).to_string(index=False)


def choose(
    held_out: FoldEvidence, known: int, new: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which queries are fitted on and which are scored, q bool each; no individual is both."""
    rng = np.random.default_rng(seed)
    queries = held_out.queries
    is_known = (queries["kind"] == KNOWN).to_numpy()
    individuals = rng.permutation(sorted(set(queries["cluster"][is_known])))
    scored = is_known & queries["cluster"].isin(individuals[len(individuals) // 2 :]).to_numpy()
    others = rng.permutation(np.flatnonzero(is_known & ~scored))
    is_new = rng.permutation(np.flatnonzero(~is_known))
    scored[is_new[len(is_new) // 2 :]] = True
    fitted = np.zeros(len(queries), bool)
    fitted[others[:known]] = True
    fitted[is_new[: len(is_new) // 2][:new]] = True
    return fitted, scored


if __name__ == "__main__":
    typer.run(main)
