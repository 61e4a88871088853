"""`tailprint bench`."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = [
    "tailprint bench two-cores",
    "tailprint bench two-cores --rows crop --rows match",
    "tailprint bench scale --photographs 1000 --photographs 10000",
]
SCALE, SCALE_FOLDER = "scale", Path("data/scale")
SIZES = [1000, 3300, 10_000, 33_000]


def main(
    name: Annotated[
        str, typer.Argument(help="The table is benchmarks/bench/NAME.csv; other rows in it stay.")
    ],
    base: Annotated[str, typer.Option(help="The commit to compare with.")] = "ec2983e",
    rows: Annotated[
        list[str] | None, typer.Option(help="Only these, each with --rows; make must be asked for.")
    ] = None,
    photographs: Annotated[
        list[int] | None,
        typer.Option(
            min=100,
            help="Photographs of the demo: 400 unless given; scale: 1000 to 33000, several.",
        ),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Training steps that are timed.")] = 5,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; the best one counts.")] = 2,
) -> None:
    """Compare the speed of this checkout with that of an older commit.

    Both run in turns in the same Python, each from its own code, on the same photographs. A ratio
    above 1 is better than the base. Rows: start, views, competition, dedup, labels, crop,
    keypoints, embed, match, step, gpu (where there is one), make (the whole demo, twice).

    With the name scale it measures how time and memory grow instead: all stages but the training
    on demos of several sizes (in data/scale), and searches in synthetic galleries of up to a
    million photographs.
    """
    if name == SCALE:
        from benchmarks.scale.scale import measure
        from benchmarks.scale.table import render

        print(render(measure(SCALE_FOLDER.absolute(), photographs or SIZES)))
        return
    if len(photographs or []) > 1:
        raise typer.BadParameter(f"--photographs may be given several times for {SCALE} alone")
    from benchmarks.bench import bench, table
    from commands.messages import say
    from pipeline.system import git

    sizes = bench.Sizes((photographs or [400])[0], steps, rounds)
    path = bench.ROOT / bench.FOLDER / f"{name}.csv"
    lines = []
    for line in bench.bench(base, rows or [], sizes, say):
        lines.append(line)  # an interruption loses no row that was measured
        table.write_csv(lines, (base, git.current_commit(bench.ROOT)), path)
    print(table.render(lines))
