"""Write the references of commands and benchmarks, from their own help."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import typer
from click import Command, Context, Parameter

INTRODUCTION = """# Commands

One command with many parts, in the project's folder after `source .venv/bin/activate`. This page is
generated from `tailprint --help`.
"""
BENCHMARKS = """# Benchmarks

Comparisons that anyone can repeat, run as `python -m benchmarks.NAME` in the project's folder. This
page is generated from their docstrings.
"""


def commands(app: typer.Typer) -> str:
    """Return the page of commands in Markdown, one section per command."""
    group = typer.main.get_command(app)
    context = Context(group, info_name="tailprint")
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    lines = [INTRODUCTION, "| command | |", "|---|---|"]
    for name, command in found.items():
        lines.append(f"| [`tailprint {name}`](#tailprint-{name}) | {command.get_short_help_str(200)} |")
    for name, command in found.items():
        lines += section(f"tailprint {name}", command)
    return "\n".join(lines)


def section(name: str, command: Command) -> Iterator[str]:
    """Yield the lines of one command: usage, description, arguments and options."""
    context = Context(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    yield from ["", f"## {name}", "", f"    {name} {usage}", ""]
    yield inspect.cleandoc(command.help or "").replace("\b", "")
    parameters = [one for one in command.params if "--help" not in one.opts]
    if parameters:
        yield from ["", "| | default | |", "|---|---|---|"]
    for parameter in parameters:
        yield f"| {names(parameter, context)} | {default(parameter)} | {help_of(parameter)} |"


def names(parameter: Parameter, context: Context) -> str:
    """Return what is typed: an argument in capitals, or the forms of an option."""
    if parameter.param_type_name == "argument":
        return f"`{parameter.make_metavar(context)}`"
    value = "" if getattr(parameter, "is_flag", False) else f" {parameter.make_metavar(context)}"
    return ", ".join(f"`{form}{value}`" for form in (*parameter.opts, *parameter.secondary_opts))


def default(parameter: Parameter) -> str:
    """Return the default of an option, or `required`."""
    if parameter.required:
        return "required"
    value = parameter.default
    shown = value is not None and value is not False and value != "" and not callable(value)
    return f"`{value}`" if shown else ""


def help_of(parameter: Parameter) -> str:
    """Return a parameter's help in one line."""
    return " ".join((getattr(parameter, "help", None) or "").split())


def benchmarks(folder: Path = Path("benchmarks")) -> str:
    """Return the page of benchmarks in Markdown, from the docstrings of those that can be run."""
    lines = [BENCHMARKS]
    for path in sorted(folder.glob("*.py")):
        source = path.read_text()
        if '__name__ == "__main__"' in source:
            text = ast.get_docstring(ast.parse(source)) or ""
            lines += [f"## {path.stem}", "", text, ""]
    return "\n".join(lines)
