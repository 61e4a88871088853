"""Clones of the project in which other settings are run."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path


def clone(into: Path, prepare: Callable[[Path], None]) -> None:
    """Clone the last commit of the project in the current folder.

    `prepare` is given the clone before it takes its name: half a clone is never taken for a whole.
    """
    part = into.with_name(f".part-{into.name}")
    shutil.rmtree(part, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", ".", str(part)], check=True)
    prepare(part)
    part.rename(into)
