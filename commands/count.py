"""`tailprint count`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import Ensemble, HalfWidth, Seed

if TYPE_CHECKING:
    from pipeline.population.count import Count

# below it, coverage falls short in large simulated populations (docs/guide/count.md)
POOR = 0.7
EXAMPLES = ["tailprint count best", "tailprint count best --half-width 0.05 --seed 3"]


def main(
    ensemble: Ensemble,
    half_width: HalfWidth = 0.1,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The questions; submissions/ENSEMBLE_questions.csv."),
    ] = None,
) -> None:
    """Estimate how many individuals a run has photographed.

    Counts the known individuals and those on photographs without a name (the test's and those
    labelled new_whale). Draws a random sample of these, and writes the pairs of photographs that a
    reviewer is to compare to a CSV (photograph, other, probability, reason). `tailprint review
    ENSEMBLE --count` asks about them in the browser, one after the other, with the same options.
    This command reads the decisions (data/review.csv), prints the number with a 95 % interval, and
    lists what is still open. Pairs with the reason "again" are for a second reviewer; left open,
    they make the interval wider.
    """
    from pipeline import params, paths
    from pipeline.data import tables
    from pipeline.data.spreadsheet import defuse
    from pipeline.population import finished_run
    from pipeline.population.count import Survey

    named = finished_run.load(ensemble, params.load())
    survey = Survey(named.collection, seed, half_width)
    review = survey.review(named.read_decisions(), wait_for_again=False)
    file = out or paths.SUBMISSIONS / f"{ensemble}_questions.csv"
    tables.write_csv(defuse(finished_run.tabulate_questions(named, review)), file)
    print(
        *describe(
            survey.count(review), len(review.questions), named.collection.known, ensemble, file
        ),
        sep="\n",
    )


def describe(count: "Count", questions: int, known: int, ensemble: str, file: Path) -> list[str]:
    """The number, what it rests on, and what is to be done next."""
    number, low, high = count.predicted
    lines = [
        f"{count.number:.0f} individuals (95 % interval {count.low:.0f} to {count.high:.0f}): "
        f"{known} known, {count.number - known:.0f} others on {count.photographs} photographs "
        "without a name.",
        f"By the model alone, without a reviewer: {number:.0f} ({low:.0f} to {high:.0f}), if its "
        "probabilities were right.",
        f"The sample has {count.reviewed} of the {count.photographs} photographs; "
        f"{count.decisions} decisions on them are in data/review.csv.",
    ]
    if count.found_first < POOR:
        lines.append(
            f"Only {count.found_first:.0%} of the matches were the first candidate. By so poor a "
            "matcher, too many individuals are counted in large collections (docs/guide/count.md)."
        )
    if not questions:
        return [*lines, "No question is open."]
    return [
        *lines,
        f"{questions} questions are open; the interval holds only when they are answered: "
        f"tailprint review {ensemble} --count, then this command again. They are in {file}, too.",
    ]
