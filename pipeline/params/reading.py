"""A YAML file as checked settings; every fault in words."""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML

from pipeline.params.values import Section

Checked = TypeVar("Checked", bound=Section)


def checked(section: type[Checked], path: Path) -> Checked:
    """A YAML file as that section; SystemExit with every fault."""
    raw = YAML(typ="safe").load(path.read_text())
    try:
        return section.model_validate(raw)
    except ValidationError as error:
        raise SystemExit(f"{path} is not valid:\n{explained(error)}") from None


def explained(error: ValidationError) -> str:
    """One line a fault: the key, what is wrong, the value that is there."""
    return "\n".join(
        f"  {'.'.join(str(part) for part in fault['loc']) or '(whole file)'}: {fault['msg']}"
        + (f" (found {fault['input']!r})" if fault["type"] != "missing" and fault["loc"] else "")
        for fault in error.errors()
    )
