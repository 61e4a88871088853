"""`tailprint preset`."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = ["tailprint preset animals-cpu"]
PRESETS, PARAMS = Path("presets"), Path("params.yaml")


def main(name: Annotated[str, typer.Argument(help="A file of presets/, without .yaml.")]) -> None:
    """Write the complete settings of a preset to params.yaml.

    Refuses to overwrite edits of params.yaml that are neither committed nor a preset's own values.
    """
    from commands.turns import take_turn
    from pipeline.params.presets import write_preset
    from pipeline.system.git import is_committed

    with take_turn():  # a run reads the settings at every stage
        write_preset(name, PRESETS, PARAMS, overwrite=is_committed(PARAMS))
    print(f"{PARAMS} has the settings of {PRESETS / name}.yaml")
