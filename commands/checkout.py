"""A project that was downloaded as a ZIP file, without its history."""

import subprocess
import sys
from pathlib import Path

from commands.messages import say
from pipeline.system import children, git
from pipeline.system.errors import UserError

LOCAL = Path(".dvc/config.local")  # of DVC, ignored by git
SETTING = "core.no_scm"


def check_project() -> None:
    """Raise UserError outside of a project, before anything is written there."""
    if not LOCAL.parent.is_dir():
        raise UserError("there is no folder .dvc here: change to a project's folder")


def allow_no_git() -> None:
    """Have DVC work without git where there is no repository, and with it where there is one."""
    check_project()
    allowed = LOCAL.is_file() and "no_scm" in LOCAL.read_text()
    if git.has_repository() == (not allowed):
        return
    change = ["--unset", SETTING] if allowed else [SETTING, "true"]
    command = [sys.executable, "-m", "dvc", "config", "--local", *change]
    if children.run(command, output=subprocess.DEVNULL):
        raise UserError(f"there is no repository of git here: run git init, or {' '.join(command)}")
    if not allowed:
        say("there is no repository of git here: DVC works without, `tailprint ablate` does not")
