"""Validation of settings; every fault is explained in words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML

from pipeline.params.values import Section
from pipeline.system.errors import UserError

S = TypeVar("S", bound=Section)


def load_section(section: type[S], path: Path) -> S:
    """Load a YAML file as one section; raises UserError with every fault."""
    return validate(section, YAML(typ="safe").load(path.read_text()), path)


def validate(section: type[S], settings: Mapping[str, Any], path: Path) -> S:
    """Validate what was read from a file; raises UserError with the file and every fault."""
    try:
        return section.model_validate(settings)
    except ValidationError as error:
        raise UserError(f"{path} is not valid:\n{explain_faults(error)}") from None


def explain_faults(error: ValidationError) -> str:
    """One line per fault: the key, what is wrong, and the value in the file."""
    return "\n".join(
        f"  {'.'.join(str(part) for part in fault['loc']) or '(whole file)'}: {fault['msg']}"
        + (f" (found {fault['input']!r})" if fault["type"] != "missing" and fault["loc"] else "")
        for fault in error.errors()
    )
