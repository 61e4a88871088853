"""`tailprint dvc-deps`."""

import re
from pathlib import Path
from typing import Annotated

import typer

from pipeline.system.import_closure import code_files

EXAMPLES = ["tailprint dvc-deps --check"]

ROOT = Path(__file__).parents[1]
DVC_YAML = ROOT / "dvc.yaml"
# they hold no values and change no byte that a stage writes: a change of theirs that matters shows
# in params.yaml or in another module
PLUMBING = (
    "pipeline/params/",
    "pipeline/paths.py",
    "pipeline/system/children.py",
    "pipeline/system/errors.py",
    "pipeline/system/files.py",
    "pipeline/system/interruptions.py",
    "pipeline/system/ranks.py",
    "pipeline/system/start.py",
)
STAGE = re.compile(r"^  (\w+):$")
CODE = re.compile(r"^      - (stages|pipeline)/\S+$")


def main(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; an outdated list is an error.")
    ] = False,
) -> None:
    """Write the code that each stage imports into the deps of dvc.yaml.

    Files of data and parameters are listed by hand; modules follow from the imports.
    """
    from pipeline.data import tables
    from pipeline.system.errors import UserError

    before = DVC_YAML.read_text()
    after = with_code_deps(before)
    if check and after != before:
        raise UserError("dvc.yaml lists other code than the stages import: run tailprint dvc-deps")
    if after != before:
        tables.replace(DVC_YAML, lambda part: part.write_text(after))


def code_deps(stage: str) -> list[str]:
    """The files whose change makes a stage's output stale, from the project's root."""
    path = ROOT / f"stages/{stage}.py"
    names = sorted(file.relative_to(ROOT).as_posix() for file in code_files(path, ROOT) - {path})
    return [f"stages/{stage}.py", *(name for name in names if not name.startswith(PLUMBING))]


def with_code_deps(text: str) -> str:
    """dvc.yaml with every stage's list of code brought up to date, the rest unchanged.

    Raises ValueError for a stage whose `deps` list no code: there is no place to write to.
    """
    lines: list[str] = []
    stage, written = "", set()
    for line in text.splitlines():
        if heading := STAGE.match(line):
            stage = heading[1]
        if not CODE.match(line):
            lines.append(line)
        elif stage not in written:
            written.add(stage)
            lines += [f"      - {name}" for name in code_deps(stage)]
    stages = {heading[1] for line in text.splitlines() if (heading := STAGE.match(line))}
    if missing := sorted(stages - written):
        raise ValueError(f"no code is listed in the deps of {', '.join(missing)} in dvc.yaml")
    return "\n".join(lines) + "\n"
