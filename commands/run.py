"""`tailprint run`."""

from typing import Annotated

import typer

from pipeline.system import machine

EXAMPLES = ["tailprint run --at-once 2"]


def main(
    at_once: Annotated[
        int,
        typer.Option(
            min=1, default_factory=machine.count_parallel_stages, help="Members at a time."
        ),
    ],
) -> None:
    """Run the pipeline, several members at a time.

    The results are those of `dvc repro`, which runs one member at a time and leaves cores idle. The
    members are run first, then the matches of local features, then the ensembles with their reports
    as the members, and a plain `dvc repro` runs what is left. On a GPU, which one member keeps
    busy, that is all. The stages' output is in .dvc/tmp/at-once/<member or ensemble>.log.
    """
    from commands.reproduction import reproduce

    reproduce(at_once)
