"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.exchange.boxes import Convention


def check_probability(value: float | None) -> float | None:
    if value is not None and not 0 < value < 1:
        raise typer.BadParameter(f"{value} is not between 0 and 1")
    return value


def check_not_a_photograph(picture: Path, *photographs: Path) -> None:
    """Refuse to draw over a photograph that is compared."""
    if picture.exists() and any(picture.samefile(photograph) for photograph in photographs):
        raise typer.BadParameter(f"--picture {picture} would replace the photograph itself")


def check_picture(path: Path) -> Path:
    import cv2

    if not cv2.haveImageWriter(path.name):
        raise typer.BadParameter(f"{path} must end in .png or .jpg")
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder: name a file")
    return path


BoxKind = Annotated[
    Convention | None,
    typer.Option(help="What the detections' boxes are: x, y, width, height, or two corners."),
]
Ensemble = Annotated[str, typer.Argument(help="An ensemble of params.yaml.")]
FilesRoot = Annotated[
    Path | None, typer.Option(help="Folder of the CSV's files, if another than its own.")
]
HalfWidth = Annotated[
    float,
    typer.Option(
        callback=check_probability, help="Half of the 95 % interval to aim at, of the number."
    ),
]
LeftOutName = Annotated[str, typer.Option(help="A name to leave out: of unknown individuals.")]
Photograph = Annotated[Path, typer.Argument(help="A photograph's file.", exists=True)]
Photographs = Annotated[list[Path], typer.Argument(help="Files of photographs.", exists=True)]
Picture = Annotated[
    Path, typer.Option(callback=check_picture, help="The file to draw the matched points in.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of the random sample of photographs.")]
Threshold = Annotated[
    float,
    typer.Option(callback=check_probability, help="The least confidence of a detection."),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Go on without photographs that can't be read.")
]
