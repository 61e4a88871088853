"""How near `tailprint count` comes to the true number of whales of a finished demo.

    python -m benchmarks.count_demo RUN ENSEMBLE

RUN is the folder of a finished demo, whose generator knows the whale of every photograph. A
reviewer who makes mistakes at two rates answers all questions; prints the number with its interval
for each seed of the sample, and the number of decisions.
"""

import contextlib
from pathlib import Path

import numpy as np
import pandas as pd
import typer

from benchmarks.count_coverage import Reviewer, answer_all
from pipeline import params
from pipeline.demo.roster import build_roster
from pipeline.population import finished_run
from pipeline.population.count import Survey


def main(
    run: Path,
    ensemble: str,
    seeds: int = 5,
    half_width: float = 0.1,
    false_same: float = 0.02,
    false_different: float = 0.02,
) -> None:
    """Count the whales of a finished demo."""
    with contextlib.chdir(run):
        p = params.load()
        named = finished_run.load(ensemble, p)
    demo = p.demo
    roster = build_roster(demo.seed, demo.train_images, demo.test_images, demo.encounters)
    whale = {photo.image: photo.whale for photo in roster.photos}
    truth = np.array([whale[images[0]] for images in named.images])
    rows = []
    for seed in range(seeds):
        survey = Survey(named.collection, seed, half_width)
        rng = np.random.default_rng([seed, 2])
        reviewer = Reviewer(truth, (false_same, false_different), rng)
        count = survey.count(answer_all(survey, reviewer))
        rows.append(
            {
                "seed": seed,
                "true": len(np.unique(truth)),
                "number": round(count.number, 1),
                "low": round(count.low),
                "high": round(count.high),
                "model": [round(value) for value in count.predicted],
                "reviewed": count.reviewed,
                "decisions": reviewer.count,
            }
        )
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    typer.run(main)
