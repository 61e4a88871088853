"""Clones of the project, to run other settings in."""

import shutil
from collections.abc import Callable
from pathlib import Path

from pipeline.system import children, files
from pipeline.system.errors import UserError


def clone(into: Path, prepare: Callable[[Path], None]) -> None:
    """Clone the last commit of the project in the current folder.

    into : the new folder
    prepare : is called with the clone before it gets its name, so that an incomplete clone is never
        taken for a complete one
    """
    part = into.with_name(f".part-{into.name}")
    shutil.rmtree(part, ignore_errors=True)
    try:
        children.run_checked(["git", "clone", "--quiet", ".", str(part)])
    except (FileNotFoundError, children.ChildError) as error:
        raise UserError(f"a clone of the project needs git and a commit: {error}") from None
    prepare(part)
    files.rename_folder(part, into)
