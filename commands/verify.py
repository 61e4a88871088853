"""`tailprint verify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import Photograph, Picture, check_not_a_photograph, check_probability

if TYPE_CHECKING:
    from pipeline.identify.verification import Verification

EXAMPLES = ["tailprint verify A.jpg B.jpg", "tailprint verify A.jpg B.jpg --prior 0.005"]
Prior = Annotated[
    float, typer.Option(callback=check_probability, help="Probability before the comparison.")
]


def main(
    first: Photograph,
    second: Photograph,
    prior: Prior = 0.5,
    picture: Picture = Path("verify.png"),
) -> None:
    """Estimate whether two photographs show one animal.

    Any two photographs. One of the competition has its crop; in others the animal is found as the
    stage `crop` finds it. They are embedded by members that did not train on both, and their local
    features are matched. Prints the probability that they show the same animal and draws the
    matched points. The prior is your probability before the comparison: one half if nothing is
    known, 1 / 200 for a photograph taken at random from a catalogue of 200.
    """
    from commands.changed_settings import VERIFIED, check_settings
    from pipeline import params
    from pipeline.identify.verification import verify

    check_not_a_photograph(picture, first, second)
    p = params.load()
    check_settings(VERIFIED, p)
    result = verify(first, second, p, prior)
    result.pair.draw(picture)
    print(f"{first} and {second}: the same animal with probability {result.probability:.3f}")
    print(*format_evidence(result, picture), sep="\n")


def format_evidence(result: "Verification", picture: Path) -> list[str]:
    """What the probability rests on, line by line."""
    matches = result.pair.matches
    lines = [f"(its probability before the comparison was {result.prior:g})"]
    lines += [
        f"{member}: similarity {cosine:.3f}" for member, cosine in result.similarities.items()
    ]
    points = f"{matches.inliers} of {len(matches.rows)} matched points fit one transform"
    lines.append(f"{points}: {picture}")
    if matches.background:
        lines.append(
            f"{matches.background} more were set aside: they move with the background, as bushes "
            "do, and an animal that stood still between two photographs of one place."
        )
    return lines
