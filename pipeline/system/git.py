"""Git's commits of the project and its files."""

import subprocess
from pathlib import Path


def current_commit(folder: Path = Path()) -> str:
    """The short hash of the commit checked out in `folder`; "" without git or a repository."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def read_committed(path: Path) -> bytes | None:
    """A file's bytes in the last commit; None without git, a repository or the file in it."""
    command = ["git", "show", f"HEAD:./{path.name}"]
    try:
        done = subprocess.run(command, cwd=path.parent, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def has_repository(folder: Path = Path()) -> bool:
    """Whether `folder` lies in a repository of git."""
    place = folder.resolve()
    return any((parent / ".git").exists() for parent in [place, *place.parents])


def is_committed(path: Path) -> bool:
    """Whether a file is as in the last commit; False without git or a repository."""
    command = ["git", "status", "--porcelain", "--", path.name]
    try:
        done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0 and not done.stdout
