"""`tailprint export`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = [
    "tailprint export answers --format catalogue  # a page per individual, to be printed",
    "tailprint export answers --format camtrap-dp --package PACKAGE -o WITH_NAMES",
    "tailprint export answers --format coco --species 'Panthera pardus'",
    "tailprint export answers --format timelapse",
    "tailprint export answers --format wildbook --species 'Panthera pardus' --location NAME",
    "tailprint export answers --format embeddings",
    "tailprint export --member lite0 0 -o lite0  # ONNX, safetensors and a card, of a finished run",
]


class Format(StrEnum):
    """What is written."""

    camtrap_dp = "camtrap-dp"
    coco = "coco"
    timelapse = "timelapse"
    wildbook = "wildbook"
    embeddings = "embeddings"
    catalogue = "catalogue"


# what is written, unless -o names another place, in the folder of the answers
NAMES = {
    Format.camtrap_dp: "camtrap-dp",
    Format.coco: "coco.json",
    Format.timelapse: "timelapse.csv",
    Format.wildbook: "wildbook.csv",
    Format.embeddings: "embeddings.parquet",
    Format.catalogue: "catalogue.html",
}


# one option per fact that a format asks for and the answers do not have
def main(  # noqa: PLR0913
    folder: Annotated[
        Path | None, typer.Argument(help="The folder that tailprint name has written.")
    ] = None,
    format: Annotated[Format | None, typer.Option(help="The format of the other program.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file or folder to write.")
    ] = None,
    package: Annotated[
        Path | None, typer.Option(help="Your Camtrap DP, which has the photographs.")
    ] = None,
    species: Annotated[str, typer.Option(help="The scientific name of the animals.")] = "",
    location: Annotated[str, typer.Option(help="A location ID of your Wildbook.")] = "",
    submitter: Annotated[str, typer.Option(help="Your name as a user of Wildbook.")] = "",
    member: Annotated[
        tuple[str, int] | None,
        typer.Option(metavar="BACKBONE FOLD", help="In place of answers, a member of the run."),
    ] = None,
) -> None:
    """Write the answers in the format of another program.

    camtrap-dp: a copy of the package PACKAGE with the answers as observations of its media. coco:
    boxes, with individuals as categories or, with --species, as an attribute. timelapse: a CSV that
    Timelapse imports. wildbook: a spreadsheet for its bulk import. embeddings: a parquet table.
    catalogue: a page per individual. With --member, a trained network as ONNX and safetensors, with
    a card that has its held-out score.
    """
    from importlib.metadata import version

    from pipeline.exchange import named_folder

    if member is not None:
        print(export_member(*member, out, version("tailprint")))
        return
    if folder is None or format is None:
        raise typer.BadParameter("name the folder of the answers and a --format, or a --member")
    named = named_folder.read(folder)
    target = out or folder / NAMES[format]
    match format:
        case Format.camtrap_dp:
            from pipeline.exchange import camtrap_dp_export

            if package is None:
                raise typer.BadParameter("camtrap-dp asks for --package, your package's folder")
            program = version("tailprint")
            text = camtrap_dp_export.export(named, package, target, species, program)
        case Format.coco:
            from pipeline.exchange import coco_export

            text = coco_export.export(named, target, species, version("tailprint"))
        case Format.timelapse:
            from pipeline.exchange import timelapse

            text = timelapse.export(named, target)
        case Format.wildbook:
            from pipeline.exchange import wildbook

            text = wildbook.export(named, target, species, location, submitter)
        case Format.embeddings:
            from pipeline.naming import embeddings_table

            text = embeddings_table.export(named, target)
        case Format.catalogue:
            from pipeline.naming import catalogue_page

            text = catalogue_page.export(named, target)
    print(f"{target}: {text}")


def export_member(backbone: str, fold: int, out: Path | None, version: str) -> str:
    """Write a member of the finished run; returns what was written."""
    from commands.changed_settings import COMPARED, check_settings
    from pipeline import params
    from pipeline.data.members import Member
    from pipeline.exchange import member_export

    p, member = params.load(), Member(backbone, fold)
    check_settings(COMPARED, p)
    target = out or Path(member.name)
    return f"{target}: {member_export.export(member, p, target, version)}"
