"""Presets: presets/NAME.yaml has the values that differ from the preset that it extends.

presets/demo.yaml extends none: it is complete, with a comment for every value. Its text, with the
values of another preset, becomes params.yaml.
"""

from io import StringIO
from itertools import takewhile
from pathlib import Path

from ruamel.yaml import YAML

from pipeline.params.complete import Params
from pipeline.params.merging import Settings, load_settings
from pipeline.params.validation import validate
from pipeline.system.errors import UserError

WIDTH = 100  # columns of a written file


def preset_path(name: str, folder: Path) -> Path:
    """The file of a preset; raises UserError with those that exist."""
    path = folder / f"{name}.yaml"
    if not path.is_file():
        names = sorted(preset.stem for preset in folder.glob("*.yaml"))
        raise UserError(f"there is no {path}, only {', '.join(names) or 'an empty folder'}")
    return path


def render_preset(path: Path) -> str:
    """The complete settings of a preset as YAML, with all comments and the preset's heading."""
    yaml = YAML()
    yaml.width = WIDTH
    stream = StringIO()
    yaml.dump(load_settings(path, yaml), stream)
    text = stream.getvalue()
    lines = [line.rstrip() for line in text[len(heading(text)) :].splitlines()]
    return heading(path.read_text()) + "\n".join(lines) + "\n"


def heading(text: str) -> str:
    """The comment at the top of a file."""
    return "".join(takewhile(lambda line: line.startswith("#"), text.splitlines(keepends=True)))


def holds_preset(target: Path, folder: Path) -> bool:
    """Whether the values of a params file are those of a preset, or there are none to lose."""
    if not target.read_bytes().strip():
        return True
    settings = _load_or_none(target)
    presets = [_load_or_none(preset) for preset in folder.glob("*.yaml")]
    return settings is not None and settings in presets


def _load_or_none(path: Path) -> Settings | None:
    """The settings of a file, None if it is broken: then it is no preset's copy."""
    try:
        return load_settings(path)
    except UserError:
        return None


def write_preset(name: str, folder: Path, target: Path, *, overwrite: bool) -> None:
    """Write the complete settings of a preset to a params file.

    overwrite : write even if the file has values of its own, which are lost

    Raises UserError, and writes nothing, for an unknown or invalid preset, and for values that
    would be lost.
    """
    path = preset_path(name, folder)
    validate(Params, load_settings(path), path)
    if target.is_file() and not overwrite and not holds_preset(target, folder):
        raise UserError(f"{target} has edits: commit them, or undo them with git checkout {target}")
    target.write_text(render_preset(path))
