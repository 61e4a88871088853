"""A new folder, written whole or not at all."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from pipeline.system import files
from pipeline.system.errors import UserError


def write_folder(out: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a folder under a temporary name, and rename it to `out`.

    Raises UserError if `out` exists.
    """
    if os.path.lexists(out):
        raise UserError(f"{out} exists already: delete it, or name another folder with -o")
    part = out.with_name(f".part-{os.getpid()}-{out.name}")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        write(part)
        files.rename_folder(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
