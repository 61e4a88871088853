"""Validation of settings; every fault is explained in words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from pipeline.params.reading import read_yaml
from pipeline.params.values import Section
from pipeline.system.errors import UserError

LONGEST = 200  # characters of a value that a message shows

S = TypeVar("S", bound=Section)


def load_section(section: type[S], path: Path) -> S:
    """Load a YAML file as one section; raises UserError with every fault."""
    return validate(section, read_yaml(path), path)


def validate(section: type[S], settings: Mapping[str, Any], path: Path) -> S:
    """Validate what was read from a file; raises UserError with the file and every fault."""
    try:
        try:
            return section.model_validate(settings)
        except ValidationError as error:
            raise UserError(f"{path} is not valid:\n{explain_faults(error)}") from None
    except RecursionError:
        raise UserError(f"{path} is not valid: lists or sections lie too deep in others") from None


def explain_faults(error: ValidationError) -> str:
    """One line per fault: the key, what is wrong, and the value in the file."""
    return "\n".join(
        f"  {'.'.join(str(part) for part in fault['loc']) or '(whole file)'}: {fault['msg']}"
        + (show(fault["input"]) if fault["type"] != "missing" and fault["loc"] else "")
        for fault in error.errors()
    )


def show(value: object) -> str:
    """A value as the message's end, shortened if it is a whole section."""
    text = repr(value)
    return f" (found {text if len(text) <= LONGEST else text[:LONGEST] + ' ...'})"
