"""Reading a YAML file of settings; whatever is wrong with it is said with the file and the line."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.system.errors import UserError

HERE = "params.yaml"
TAB = "a tab: YAML is indented by spaces"


def read_yaml(path: Path, yaml: YAML | None = None) -> dict[str, Any]:
    """Read a file as a mapping; `yaml` is the reader, None for plain dictionaries.

    Raises UserError with the file, the line and the fault.
    """
    text = read_text(path)
    try:
        settings = (yaml or YAML(typ="safe")).load(text)
    except MarkedYAMLError as error:
        raise UserError(explain_yaml(path, text, error)) from None
    except (YAMLError, ValueError, RecursionError) as error:  # a control character, a huge number
        raise UserError(f"{path} can't be read: {' '.join(str(error).split())}") from None
    if settings is None:
        raise UserError(f"{path} is empty: tailprint preset demo, or another preset, writes it")
    if not isinstance(settings, dict):
        kind = "a list" if isinstance(settings, list) else f"the text {str(settings)[:40]!r}"
        raise UserError(f"{path} is {kind}, and not sections with their keys, as presets/demo.yaml")
    return settings


def read_text(path: Path) -> str:
    """Read a file as UTF-8; raises UserError naming the line that is not."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        hint = ": change to a project's folder" if path.as_posix() == HERE else ""
        raise UserError(f"there is no {path}{hint}") from None
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {line}: is not UTF-8 text: save it as UTF-8") from None


def explain_yaml(path: Path, text: str, error: MarkedYAMLError) -> str:
    """One line about a fault of the syntax: the file, the line and what is wrong there."""
    mark = error.problem_mark or error.context_mark
    number = mark.line + 1 if mark else 1
    line = dict(enumerate(text.splitlines(), 1)).get(number, "")
    problem = " ".join(str(error.problem or error.context).split())
    if "\t" in line[: len(line) - len(line.lstrip())]:
        problem = TAB
    found = f" (found {line.strip()[:60]!r})" if line.strip() else ""
    return f"{path}, line {number}: {problem}{found}"
