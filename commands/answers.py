"""`tailprint answers`."""

from pathlib import Path
from typing import Annotated

import typer

from commands.options import Ensemble

EXAMPLES = ["tailprint answers best", "tailprint answers best -o june"]


def main(
    ensemble: Ensemble,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The folder; submissions/ENSEMBLE_answers.")
    ] = None,
) -> None:
    """Write a run's answers as a folder for other commands.

    OUT/answers.csv is a table like that of `tailprint name`: for each photograph of the test five
    names, their probabilities and that of a new individual. What reviewers have decided
    (data/review.csv) comes first, also what they decided since the last run. `tailprint export OUT`
    and `tailprint histories OUT` read the folder.
    """
    from commands.name import list_counts
    from pipeline import params, paths
    from pipeline.naming.finished_run import write_answers

    target = out or paths.SUBMISSIONS / f"{ensemble}_answers"
    table = write_answers(ensemble, target, params.load())
    print(f"{list_counts(table)}: {target / 'answers.csv'}")
