"""`tailprint name`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import BoxKind, FilesRoot, LeftOutName, SkipBad, Threshold, check_probability

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.naming.naming import Named

EXAMPLES = [
    "tailprint name catalogue new  # a folder per individual, a folder of new photographs",
    "tailprint name list.csv new -o june --path file --identity animal",
    "tailprint name catalogue new --sort --prior 0.4",
    "tailprint name catalogue new --detections md.json  # boxes by MegaDetector",
    "tailprint name catalogue new --train  # learn more from the catalogue first: minutes more",
]


# one option per fact that the user knows about the photographs
def main(  # noqa: PLR0913
    catalogue: Annotated[
        Path, typer.Argument(help="A folder with one folder per individual, or a CSV file.")
    ],
    new: Annotated[Path, typer.Argument(help="The folder of new photographs.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for the answers.")] = Path(
        "answers"
    ),
    prior: Annotated[
        float,
        typer.Option(
            callback=check_probability,
            help="How often a new photograph shows none of the known individuals.",
        ),
    ] = 0.15,
    sort: Annotated[
        bool, typer.Option("--sort", help="Also copy the photographs into a folder per answer.")
    ] = False,
    train: Annotated[
        bool,
        typer.Option(
            "--train", help="Learn more from the catalogue first, and use it if it helps."
        ),
    ] = False,
    skip_bad: SkipBad = False,
    skip: LeftOutName = "",
    root: FilesRoot = None,
    path: Annotated[str, typer.Option(help="The CSV's column of files.")] = "",
    identity: Annotated[str, typer.Option(help="Its column of names.")] = "",
    backbone: Annotated[
        str,
        typer.Option(help="A network of timm, NAME=FILE with its weights, a folder, or a file."),
    ] = "tf_efficientnet_lite0",
    detections: Annotated[
        Path | None,
        typer.Option(help="MegaDetector's or COCO's JSON file about those of NEW."),
    ] = None,
    catalogue_detections: Annotated[
        Path | None, typer.Option(help="MegaDetector's or COCO's JSON file about the catalogue's.")
    ] = None,
    dates: Annotated[
        Path | None,
        typer.Option(
            exists=True, help="A photographs.csv with dates and places, in place of EXIF."
        ),
    ] = None,
    threshold: Threshold = 0.2,
    boxes: BoxKind = None,
) -> None:
    """Name the animals on new photographs by a catalogue of known ones.

    Photographs are compared by a network as it comes, and by their local features; how much either
    says is learned from the catalogue's own photographs. With --train, so is where the animals are
    and which of their features tell them apart, if that names these photographs better. Writes
    OUT/answers.csv, with five names, their probabilities and that of a new individual for each
    photograph, and OUT/report.html, which shows what each answer rests on. The same command goes on
    after an interruption, and compares only what has been added since.
    """
    from pipeline.exchange.detections import DetectionFiles
    from pipeline.naming.catalogue import Source
    from pipeline.naming.naming import name_photographs
    from pipeline.naming.settings import Options

    source = Source(catalogue, skip, root, path, identity)
    where = DetectionFiles(detections, catalogue_detections, threshold, boxes)
    options = Options(prior, backbone, skip_bad, sort, train, where, dates)
    print(*format_result(name_photographs(source, new, out, options), out), sep="\n")


def format_result(named: "Named", out: Path) -> list[str]:
    """How many photographs have which kind of answer, and where to look."""
    found = list_counts(named.table)
    return [*named.sentences, f"{found}: {out / 'report.html'}, {out / 'answers.csv'}"]


def list_counts(table: "pd.DataFrame") -> str:
    """How many photographs have which kind of answer."""
    counts = table["result"].value_counts()
    texts = {
        "known": "of known individuals",
        "new": "new",
        "unsure": "unsure",
        "copy": "in the catalogue already",
        "empty": "without a detected animal",
    }
    return ", ".join(f"{counts[kind]} {text}" for kind, text in texts.items() if kind in counts)
