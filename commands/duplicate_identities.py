"""`tailprint duplicate-identities`."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import Ensemble, check_probability

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = ["tailprint duplicate-identities best"]


def main(
    ensemble: Ensemble,
    min_posterior: Annotated[
        float,
        typer.Option(
            callback=check_probability, help="Mean posterior of the other identity, both ways."
        ),
    ] = 0.2,
) -> None:
    """List identities that may be one animal.

    Prints pairs of identities whose held-out photographs the ensemble mistakes for each other's,
    with the two photographs that have the most matched points. Nothing is changed: look at them
    (`tailprint verify`), and if they show one animal, write the two photographs with the decision
    `same` into data/review.csv; the next `tailprint run` then gives both names one label.
    """
    from pipeline import params
    from pipeline.identify.duplicate_identities import find_duplicate_identities

    pairs = find_duplicate_identities(ensemble, params.load(), min_posterior)
    for _, pair in pairs.iterrows():
        print(*format_pair(pair), sep="\n")
    print(f"{len(pairs)} pairs of identities with {min_posterior:g} or more")


def format_pair(pair: "pd.Series") -> list[str]:
    """The two identities, and the photographs to look at if any were matched."""
    fractions = f"{pair['second_for_first']:.2f} and {pair['first_for_second']:.2f}"
    lines = [
        f"{pair['first']} and {pair['second']}: {fractions} of the posterior go to the other, "
        f"{pair['queries']} photographs"
    ]
    if isinstance(pair["query"], str):
        lines.append(
            f"    {pair['query']} and {pair['image']}: {pair['inliers']:.0f} matched points"
        )
    return lines
