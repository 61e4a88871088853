"""`tailprint import`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import (
    BoxKind,
    FilesRoot,
    LeftOutName,
    SkipBad,
    Threshold,
    check_probability,
)

if TYPE_CHECKING:
    from pipeline.catalogue.convert import Summary

EXAMPLES = [
    "tailprint import FOLDER data/competition  # one sub-folder per individual",
    "tailprint import list.csv OUT --path file --identity name --viewpoint side",
    "tailprint import list.csv OUT --split date --date taken",
    "tailprint import FOLDER OUT --split open --new 0.1",
    "tailprint import CATALOGUE OUT --test NEW --detections md.json  # name the photographs of NEW",
    "tailprint import train.csv OUT --root train --path Image --identity Id --skip new_whale",
]


class Method(StrEnum):
    """How photographs are split."""

    closed = "closed"
    open = "open"
    date = "date"


# one option per fact about the catalogue; they are grouped into a Source and a Split at once
def main(  # noqa: PLR0913
    source: Annotated[Path, typer.Argument(help="A folder of folders, or a CSV file.")],
    out: Annotated[Path, typer.Argument(help="The competition directory to write.")],
    split: Annotated[Method, typer.Option(help="Which photographs are the test.")] = Method.closed,
    ratio: Annotated[
        float,
        typer.Option(callback=check_probability, help="Fraction of the photographs for training."),
    ] = 0.8,
    new: Annotated[
        float, typer.Option(callback=check_probability, help="Fraction of new individuals (open).")
    ] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="The published figures' is 666.")] = 666,
    skip: LeftOutName = "",
    root: FilesRoot = None,
    path: Annotated[str, typer.Option(help="The CSV's column of files.")] = "path",
    identity: Annotated[str, typer.Option(help="Its column of individuals.")] = "identity",
    date: Annotated[str | None, typer.Option(help="Its column of dates.")] = None,
    viewpoint: Annotated[
        str | None, typer.Option(help="Its column of viewpoints (left, right), never compared.")
    ] = None,
    as_published: Annotated[
        bool, typer.Option("--as-published", help="Leave duplicates where they fall.")
    ] = False,
    skip_bad: SkipBad = False,
    test: Annotated[
        Path | None,
        typer.Option(help="A folder of new photographs, which are the test in place of a split."),
    ] = None,
    detections: Annotated[
        Path | None, typer.Option(help="MegaDetector's or COCO's JSON file about those of --test.")
    ] = None,
    catalogue_detections: Annotated[
        Path | None, typer.Option(help="MegaDetector's or COCO's JSON file about the catalogue's.")
    ] = None,
    threshold: Threshold = 0.2,
    boxes: BoxKind = None,
) -> None:
    """Convert photographs of known individuals into a competition.

    The photographs are split into a training and a test set with a hidden solution, by the rule
    behind the published figures (closed or open set) or by date. Duplicates of one photograph are
    then moved to one side, except with --as-published. OUT/truth/left_out.csv lists every file
    that is not used, and why. Put OUT (or a link to it) at data/competition and run
    `make PRESET=animals-cpu`.

    With --test all photographs of the catalogue train, and those of that folder are named: each
    animal that was detected is a photograph of the test, cut out if there are several.
    """
    from pipeline import params
    from pipeline.catalogue.convert import convert
    from pipeline.catalogue.source import Source
    from pipeline.catalogue.split import Split
    from pipeline.exchange.detections import DetectionFiles

    if detections and not test:
        raise typer.BadParameter(
            "--detections is about the photographs of --test; a file about the catalogue's is "
            "named with --catalogue-detections"
        )
    where = DetectionFiles(detections, catalogue_detections, threshold, boxes)
    catalogue = Source(source, skip, root, path, identity, date, viewpoint, where)
    how = Split(split.value, ratio, new, seed, as_published, test)
    print(describe(out, convert(catalogue, how, out, params.load().dedup, skip_bad)))


def describe(out: Path, summary: "Summary") -> str:
    """What the competition directory holds."""
    text = f"{out}: {summary.training} training photographs of {summary.individuals} individuals, "
    if summary.new is None:
        text += f"{summary.test} test photographs, which are to be named"
    else:
        text += (
            f"{summary.test} test photographs, {summary.new} of them new; "
            f"evaluation.new_whale_prior of a preset for it: {summary.new_whale_prior:.3g}"
        )
    counts = ", ".join(f"{count} {name}" for name, count in summary.viewpoints.items())
    return f"{text}\nviewpoints: {counts}" if counts else text
