"""The two sides of a comparison: a commit and this checkout, each with a project of its own.

A side's stages run in its project, a folder with links to its code, its own settings, and the same
photographs as the other side's.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

from benchmarks.bench.usage import Usage, run
from pipeline.system.errors import UserError

CODE = ("pipeline", "stages", "commands", "benchmarks")
INPUTS = ("data/review.csv", "data/pseudo.csv")
PHOTOGRAPHS = Path("data/demo/photos")
# a stage's word of today and the one that it had before
FORMER = {"report": "page", "score": "report"}


@dataclass
class Side:
    """One side: its name, its commit, the root of its code, and its project."""

    name: str
    commit: str
    code: Path
    project: Path
    done: set[str] = field(default_factory=set)  # the stages that have run

    def word_of(self, stage: str) -> str:
        """The word that a stage has on this side."""
        former = (self.code / "stages/page.py").is_file()
        return FORMER.get(stage, stage) if former else stage

    def run_stage(self, stage: str, *arguments: str) -> Usage:
        """Run one stage in the project."""
        command = [sys.executable, "-m", f"stages.{self.word_of(stage)}", *arguments]
        return run(command, self.project)

    def copy(self, name: str, changes: dict) -> "Side":
        """The same side with another, new project, whose settings are changed."""
        project = self.project.with_name(f"{self.name}-{name}")
        return make_side(self.name, self.commit, self.code, project, changes)


@contextmanager
def check_out(commit: str, root: Path, folder: Path) -> Iterator[Path]:
    """A commit's tree in `folder`, by git's worktree; it is removed at the end.

    Raises UserError if git or the commit is missing.
    """
    git = ["git", "-C", str(root)]
    try:
        found = ask([*git, "rev-parse", "--verify", "--end-of-options", f"{commit}^{{commit}}"])
    except FileNotFoundError:
        raise UserError("a base needs git: install it, in a clone of the project") from None
    if found.returncode:
        raise UserError(f"there is no base {commit} in {root}: {found.stderr.strip()}")
    added = ask([*git, "worktree", "add", "--detach", str(folder), found.stdout.strip()])
    if added.returncode:
        raise UserError(f"the base {commit} can't be checked out: {added.stderr.strip()}")
    try:
        yield folder
    finally:
        ask([*git, "worktree", "remove", "--force", str(folder)])


def ask(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


def make_side(name: str, commit: str, code: Path, project: Path, changes: dict) -> Side:
    """A side with a project of its own; `changes` of params.yaml are merged into its settings."""
    settings = merge(YAML(typ="safe").load(code / "params.yaml"), changes)
    make_project(code, project, settings)
    return Side(name, commit, code, project)


def make_project(code: Path, project: Path, settings: dict) -> None:
    """Make a folder in which stages run: links to the code, settings, empty decisions."""
    project.mkdir(parents=True)
    for folder in CODE:
        (project / folder).symlink_to(code / folder)
    for path in INPUTS:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(code / path, project / path)
    YAML(typ="safe").dump(settings, project / "params.yaml")


def merge(settings: dict, changes: dict) -> dict:
    """The settings with the changes, section by section."""
    both = {
        key: merge(settings[key], value) if isinstance(settings.get(key), dict) else value
        for key, value in changes.items()
        if key in settings
    }
    return settings | both


def share_photographs(base: Side, here: Side) -> None:
    """Draw the demo's photographs once, and give both sides the same files."""
    run([sys.executable, "-m", "commands", "demo"], here.project)
    shutil.copytree(here.project / PHOTOGRAPHS, base.project / PHOTOGRAPHS, copy_function=os.link)
