"""`tailprint run`."""

from typing import Annotated

import typer

EXAMPLES = ["tailprint run --at-once 2", "tailprint run --cluster auto"]


def main(
    at_once: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Members at a time, on GPUs at most one for each; unless given, as many as the "
            "machine has room for.",
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="auto|HOST:PORT",
            help="Run stages on the workers of a Ray cluster: this machine's, or the one there.",
        ),
    ] = None,
) -> None:
    """Run the pipeline, several members at a time.

    The results are those of `dvc repro`, which runs one member at a time and leaves cores and GPUs
    idle. The members are run first, then the matches of local features, then the ensembles with
    their reports as the members, and a plain `dvc repro` runs what is left. With several GPUs each
    member has one of its own, or as many as TAILPRINT_DEVICES says; on a single one, which one
    member keeps busy, a plain `dvc repro` is all. The stages' output is in
    .dvc/tmp/at-once/<member or ensemble>.log.

    With --cluster the stages of members, the blends of ensembles, and shards of crop, keypoints and
    match are run by the workers of a Ray cluster, which share no disk with this machine;
    docs/guide/cluster.md says how to start one.
    """
    from commands.reproduction import reproduce

    reproduce(at_once, cluster)
