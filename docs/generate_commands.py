"""Write the references of commands and benchmarks, from their own help."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperCommand

INTRODUCTION = """# Commands

One command with many parts, typed in the project's folder after `source .venv/bin/activate`. This
page is generated from `tailprint --help`.
"""
BENCHMARKS = """# Benchmarks

Comparisons that anyone can repeat, run as `python -m benchmarks.NAME` in the project's folder. This
page is generated from their docstrings.
"""


def commands(app: typer.Typer) -> str:
    """Return the page of commands in Markdown, one section per command."""
    found = all_commands(app)
    lines = [INTRODUCTION, "| command | |", "|---|---|"]
    for name, command in found.items():
        link = f"[`tailprint {name}`](#tailprint-{name})"
        lines.append(f"| {link} | {command.get_short_help_str(200)} |")
    for name, command in found.items():
        lines += section(f"tailprint {name}", command)
    return "\n".join(lines)


def all_commands(app: typer.Typer) -> dict[str, TyperCommand]:
    """Return the commands by name, in the order of the help."""
    group = typer.main.get_command(app)
    return {name: command for name, command in group.commands.items() if not command.hidden}


def section(name: str, command: TyperCommand) -> Iterator[str]:
    """Yield the lines of one command: usage, description, arguments and options."""
    context = command.context_class(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    yield from ["", f"## {name}", "", f"    {name} {usage}", ""]
    yield inspect.cleandoc(command.help or "").replace("\b", "")
    records = [parameter.get_help_record(context) for parameter in command.params]
    if records:
        yield from ["", "| | |", "|---|---|"]
    for forms, text in filter(None, records):
        yield f"| `{forms}` | {' '.join(text.replace('|', '&#124;').split())} |"
    examples = [line.strip() for line in (command.epilog or "").splitlines() if line[:1] == " "]
    yield from ["", *(f"    {example}" for example in examples)]


def benchmarks(folder: Path = Path("benchmarks")) -> str:
    """Return the page of benchmarks in Markdown, from the docstrings of those that can be run."""
    lines = [BENCHMARKS]
    for path in sorted(folder.glob("*.py")):
        source = path.read_text()
        if '__name__ == "__main__"' in source:
            text = ast.get_docstring(ast.parse(source)) or ""
            lines += [f"## {path.stem}", "", text, ""]
    return "\n".join(lines)
