"""`tailprint bench`."""

from typing import Annotated

import typer

EXAMPLES = ["tailprint bench two-cores", "tailprint bench two-cores --rows crop --rows match"]


def main(
    name: Annotated[
        str, typer.Argument(help="The table is benchmarks/bench/NAME.csv; other rows in it stay.")
    ],
    base: Annotated[str, typer.Option(help="The commit to compare with.")] = "ec2983e",
    rows: Annotated[
        list[str] | None, typer.Option(help="Only these, each with --rows; make must be asked for.")
    ] = None,
    photographs: Annotated[int, typer.Option(min=100, help="Of the demo.")] = 400,
    steps: Annotated[int, typer.Option(min=1, help="Of training that are timed.")] = 5,
    rounds: Annotated[int, typer.Option(min=1, help="Of which the best counts.")] = 2,
) -> None:
    """Compare the speed of this checkout with that of an older commit.

    Both run in turns in the same Python, each from its own code, on the same photographs. A ratio
    above 1 is better than the base. Rows: start, views, competition, dedup, labels, crop,
    keypoints, embed, match, step, gpu (where there is one), make (the whole demo, twice).
    """
    from benchmarks.bench import bench, table
    from commands.messages import say
    from pipeline.system import git

    sizes = bench.Sizes(photographs, steps, rounds)
    path = bench.ROOT / bench.FOLDER / f"{name}.csv"
    lines = []
    for line in bench.bench(base, rows or [], sizes, say):
        lines.append(line)  # an interruption loses no row that was measured
        table.write_csv(lines, (base, git.current_commit(bench.ROOT)), path)
    print(table.render(lines))
