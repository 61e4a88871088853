"""The losses of a training while it runs, in files that TensorBoard shows."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pipeline.system.errors import UserError

LIVE = "TAILPRINT_LIVE"  # the folder of the files, in which each member has one; none unless set

Report = Callable[[Mapping[str, float]], None]  # called with the row of each epoch


def ignore_row(row: Mapping[str, float]) -> None:
    """Report nothing."""


def choose_folder(backbone: str, fold: str) -> Path | None:
    """The member's folder if the environment asks for one, else None."""
    folder = os.environ.get(LIVE)
    return Path(folder, f"{backbone}-{fold}") if folder else None


@contextmanager
def open_curves(folder: Path | None) -> Iterator[Report]:
    """Write the rows that the function gets into `folder`; nothing if that is None.

    What an earlier training wrote there is removed. Raises UserError if TensorBoard is not
    installed.
    """
    if folder is None:
        yield ignore_row
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        install = "pip install 'tailprint[live]'"
        raise UserError(f"{LIVE} needs TensorBoard: {install}, or unset it") from error
    for file in folder.glob("events.out.tfevents.*"):
        file.unlink()
    with SummaryWriter(folder) as writer:

        def report(row: Mapping[str, float]) -> None:
            for name in row.keys() - {"epoch"}:
                writer.add_scalar(name, row[name], int(row["epoch"]))
            writer.flush()

        yield report
