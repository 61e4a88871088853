"""Stages in shards, for several machines: one script per stage, with the functions of three steps.

    python -m stages.shards.<word> begin FOLDER PLACES cpu|gpu    what comes before, and the plan
    python -m stages.shards.<word> compute                        a shard, in a worker's folder
    python -m stages.shards.<word> join FOLDER                    the stage's files from all shards

They write what `python -m stages.<word>` does, by the same functions.
"""

from collections.abc import Callable
from pathlib import Path

from pipeline.system import start


def run(
    begin: Callable[[Path, int, bool], None],
    compute: Callable[..., None],
    join: Callable[[Path], None],
) -> None:
    """Run the step that the command line names."""

    def main(step: str, *words: str) -> None:
        if step == "begin":
            folder, places, kind = words
            begin(Path(folder), int(places), kind == "gpu")
        elif step == "compute":
            compute(*words)
        else:
            (folder,) = words
            join(Path(folder))

    start.run(main)
