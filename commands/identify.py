"""`tailprint identify`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import Photographs, Picture, check_not_a_photograph, check_probability

if TYPE_CHECKING:
    from pipeline.identify.identification import Identification

EXAMPLES = [
    "tailprint identify A.jpg",
    "tailprint identify new/*.jpg",
    "tailprint identify A.jpg --ensemble single --prior 0.5 --viewpoint left",
]
ANSWERS = 5
Prior = Annotated[
    float | None,
    typer.Option(
        callback=check_probability,
        help="Probability of a new individual before the comparison; "
        "evaluation.new_whale_prior unless given.",
    ),
]


def main(
    photographs: Photographs,
    ensemble: Annotated[
        str | None, typer.Option(help="An ensemble; identify.ensemble unless given.")
    ] = None,
    prior: Prior = None,
    viewpoint: Annotated[
        str | None, typer.Option(help="The side of the animal, as viewpoints.csv names it.")
    ] = None,
    picture: Picture = Path("identify.png"),
) -> None:
    """Identify the individual on one or more photographs.

    A photograph is scored like a test photograph, by the ensemble's scores and learned blend,
    against the competition's labelled photographs and the enrolled ones (`tailprint enroll`).
    Nothing is trained or re-ranked, and of the ensemble's backbones only match.backbone is used.
    Prints the five likeliest answers with their probabilities, `new_whale` among them, and draws
    the matched points of the best; of several photographs into a picture each, named after it
    (identify-A.png). The index of the gallery's local features is built the first time, and kept.
    """
    from commands.changed_settings import COMPARED, check_settings
    from pipeline import params
    from pipeline.identify.identification import Identifier

    pictures = name_pictures(photographs, picture)
    for path in pictures:
        check_not_a_photograph(path, *photographs)
    p = params.load()
    check_settings(COMPARED, p)
    identifier = Identifier(p, ensemble, prior)
    for photograph, path in zip(photographs, pictures, strict=True):
        result = identifier.identify(photograph, viewpoint)
        print(f"{photograph}:", *format_answers(result), sep="\n")
        print(draw_best(result, path), flush=True)


def name_pictures(photographs: Sequence[Path], picture: Path) -> list[Path]:
    """The picture of each photograph: `picture`, or one beside it for each.

    Raises BadParameter if two photographs would share a picture.
    """
    if len(photographs) == 1:
        return [picture]
    names = [
        picture.with_name(f"{picture.stem}-{path.stem}{picture.suffix}") for path in photographs
    ]
    if twice := [str(name) for name in names if names.count(name) > 1]:
        raise typer.BadParameter(
            f"{twice[0]} would show two photographs: identify photographs with the same name "
            "separately"
        )
    return names


def format_answers(result: "Identification") -> list[str]:
    """Probability, identity, and the photograph that argues most for it, one line per answer."""
    lines = []
    for row in result.table.head(ANSWERS).itertuples():
        line = f"  {row.probability:.3f}  {row.identity}"
        if isinstance(row.image, str):
            line += f"  ({row.image}: similarity {row.similarity:.3f}, {row.points:.0f} points fit)"
        lines.append(line)
    return lines


def draw_best(result: "Identification", picture: Path) -> str:
    """Draw the matched points of the best answer; returns the line to print."""
    if result.best is None:
        return "there are no matched points to draw: no picture is made"
    result.best.draw(picture)
    row = result.table.dropna(subset=["image"]).iloc[0]
    points = f"{row['points']:.0f} matched points fit one transform"
    return f"{picture}: {row['image']} ({row['identity']}), {points}"
