"""`tailprint preset`."""

import filecmp
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from pipeline.system.errors import UserError

EXAMPLES = ["tailprint preset animals-cpu"]
PRESETS, PARAMS = Path("presets"), Path("params.yaml")


def main(name: Annotated[str, typer.Argument(help="A file of presets/, without .yaml.")]) -> None:
    """Copy a preset over params.yaml.

    Refuses to overwrite edits of params.yaml that are neither committed nor a preset's own values.
    """
    import shutil

    preset = PRESETS / f"{name}.yaml"
    if not preset.is_file():
        raise UserError(f"there is no {preset}")
    if has_edits():
        raise UserError(
            "params.yaml has edits: commit them, or undo them with git checkout params.yaml"
        )
    shutil.copyfile(preset, PARAMS)
    print(f"{PARAMS} has the values of {preset}")


def has_edits() -> bool:
    """Whether params.yaml differs from the last commit and from every preset."""
    if any(filecmp.cmp(preset, PARAMS, shallow=False) for preset in PRESETS.glob("*.yaml")):
        return False
    command = ["git", "diff", "--quiet", "HEAD", "--", str(PARAMS)]
    return subprocess.run(command, check=False).returncode != 0
